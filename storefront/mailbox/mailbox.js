// The page works without this: it only looks whether there is something new, and counts the minutes to the next look.

const LOOK_MS = 4000;
const person = document.body.dataset.person;

function within(atMs) {
  const minutes = Math.round((atMs - Date.now()) / 60_000);
  if (minutes <= 0) return "now";
  if (minutes < 60) return `in ${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `in ${hours} h` : `in ${Math.round(hours / 24)} d`;
}

function tick() {
  for (const element of document.querySelectorAll("[data-at]")) {
    const said = within(Number(element.dataset.at));
    element.textContent = element.classList.contains("chip") ? `looks ${said}` : `(${said})`;
  }
}

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(`/mailbox/p/${person}/stamp`);
    if (!answer.ok) return;
    const { stamp } = await answer.json();
    if (stamp !== document.body.dataset.stamp) location.reload();
  } catch {
    // the demo is not there for the moment
  }
}

tick();
setInterval(tick, 15_000);
if (person) setInterval(look, LOOK_MS);
