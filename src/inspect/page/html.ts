/**
 * The page before anything is known: no text of anybody's is in it.
 *
 * @module
 */

/** The body of the page. */
export const BODY = `
<a class="skip" href="#treePane">Skip to the tree</a>
<a class="skip" href="#details">Skip to the details</a>
<a class="skip" href="#warnings">Skip to the warnings</a>
<header>
  <h1>TaskScope <span>inspector</span></h1>
  <p id="link" role="status" data-state="connecting">Connecting…</p>
  <dl>
    <div><dt>live</dt><dd id="live">0</dd></div>
    <div><dt>queued</dt><dd id="queued">0</dd></div>
    <div><dt>canceling</dt><dd id="canceling">0</dd></div>
  </dl>
  <p id="rest"></p>
</header>
<section id="tools" aria-label="Filter and view">
  <input id="filter" type="search" placeholder="Filter by name ( / )" aria-label="Filter by name" autocomplete="off" spellcheck="false">
  <label>State
    <select id="state">
      <option value="">any</option>
      <option value="live">live</option>
      <option value="queued">queued</option>
      <option value="running">running</option>
      <option value="open">open</option>
      <option value="canceling">canceling</option>
      <option value="ended">ended</option>
      <option value="succeeded">succeeded</option>
      <option value="failed">failed</option>
      <option value="canceled">canceled</option>
      <option value="abandoned">abandoned</option>
    </select>
  </label>
  <label>Age
    <select id="age">
      <option value="0">any</option>
      <option value="1000">over 1 s</option>
      <option value="10000">over 10 s</option>
      <option value="60000">over 1 min</option>
      <option value="600000">over 10 min</option>
      <option value="3600000">over 1 h</option>
    </select>
  </label>
  <label><input id="ended" type="checkbox" checked> Show what has ended</label>
  <button id="pause" type="button" aria-pressed="false">Pause</button>
  <div class="views" role="group" aria-label="View">
    <button id="asTree" type="button" aria-pressed="true">Tree</button>
    <button id="asTimeline" type="button" aria-pressed="false">Timeline</button>
  </div>
</section>
<main>
  <section id="treePane" aria-label="Scopes and tasks" tabindex="-1">
    <div id="columns" aria-hidden="true">
      <span class="name">Name</span><span class="state">State</span><span class="age">Age</span>
      <span class="left">Remaining</span><span class="why">Reason</span>
    </div>
    <div id="tree" role="tree" aria-label="Scopes and tasks" aria-hidden="true"><div id="space" role="presentation"></div></div>
    <p id="empty">Nothing to show: no scope or task matches.</p>
  </section>
  <section id="timelinePane" aria-label="Timeline" hidden>
    <div id="scroll" tabindex="0" role="region" aria-label="Timeline, scrollable">
      <img id="timeline" alt="Timeline of the recorded events. The tree and the details tell the same in words." src="data:,">
    </div>
  </section>
  <aside id="details" aria-label="Details" tabindex="-1">
    <h2 id="what">Details</h2>
    <p id="hint">Choose a scope or task: click it, or press Enter on it.</p>
    <div id="actions">
      <button id="cancel" type="button" hidden>Cancel…</button>
      <div id="sure" hidden>
        <p id="question"></p>
        <button id="yes" type="button">Cancel it</button>
        <button id="no" type="button">Keep it</button>
      </div>
      <p id="said" role="status"></p>
    </div>
    <dl id="about"></dl>
  </aside>
</main>
<section id="warnings" aria-label="Warnings" tabindex="-1">
  <h2>Warnings <span id="alertCount" hidden>0</span></h2>
  <p id="none">None so far.</p>
  <div id="lane" tabindex="0" role="region" aria-label="List of warnings"><ol id="alerts"></ol></div>
</section>
<p id="announce" class="unseen" aria-live="polite"></p>
`;
