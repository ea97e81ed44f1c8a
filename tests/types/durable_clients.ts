/** What engines are made of is taken by its shape, which has to be that of the real clients. */
import { bullmqEngine, type BullmqLike } from "@taskscope/taskscope/durable/bullmq";
import { pgBossEngine, type PgBossLike } from "@taskscope/taskscope/durable/pg-boss";
import * as bullmq from "bullmq";
import { Redis } from "ioredis";
import { PgBoss } from "pg-boss";

const module: typeof bullmq extends BullmqLike ? true : false = true;
const instance: PgBoss extends PgBossLike ? true : false = true;
void [module, instance];

const connection = new Redis();
bullmqEngine("tasks", { bullmq, connection });
pgBossEngine(new PgBoss("postgres://localhost/app"));

// @ts-expect-error: the module is missing
bullmqEngine("tasks", { connection });
// @ts-expect-error: a class of it is not the module
bullmqEngine("tasks", { bullmq: bullmq.Queue, connection });
