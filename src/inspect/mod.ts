/**
 * See what runs: record what happens, and show trees.
 *
 * @module
 */
export type {
  AbandonEvent,
  CancelEvent,
  DeadlineEvent,
  EndState,
  ErrorEvent,
  LateSettleEvent,
  LifecycleEvent,
  SettleEvent,
  SpawnEvent,
  SpawnKind,
  StartEvent,
} from "./events.ts";
