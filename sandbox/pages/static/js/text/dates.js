// Times as a chat shows them, in the language and zone of the person's browser.

const atOf = (ts) => new Date(Number.parseFloat(ts) * 1000);

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit", second: "2-digit" });
const numeric = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "2-digit", day: "2-digit" });
const short = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "short", day: "numeric" });
const plain = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "long", day: "numeric" });
const long = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "long", day: "numeric", weekday: "long" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", month: "long", day: "numeric" });

export const timeOf = (ts) => clock.format(atOf(ts));
export const momentOf = (ts) => `${plain.format(atOf(ts))} at ${clockSeconds.format(atOf(ts))}`;
export const dayKey = (ts) => atOf(ts).toDateString();

export function dayTitle(ts) {
  const when = atOf(ts);
  const near = nearName(when);
  if (near) return near;
  return when.getFullYear() === new Date().getFullYear() ? day.format(when) : long.format(when);
}

/** The time, with its day unless that is today. */
export function shortMoment(ts) {
  const title = dayTitle(ts);
  return title === "Today" ? timeOf(ts) : `${title} at ${timeOf(ts)}`;
}

/** "3 minutes ago" and its like, for the last reply of a thread. */
export function agoOf(ts) {
  const minutes = Math.max(0, Math.round((Date.now() - atOf(ts).getTime()) / 60000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} minute${minutes === 1 ? "" : "s"} ago`;
  const hours = Math.round(minutes / 60);
  if (hours < 24) return `${hours} hour${hours === 1 ? "" : "s"} ago`;
  return dayTitle(ts);
}

/** A Slack date format such as "{date_short_pretty} at {time}"; what it does not know stays as it is. */
export function formatDate(seconds, format) {
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.getTime())) return null;
  const pretty = (style) => nearName(when) ?? style.format(when);
  const known = {
    date_num: () => numeric.format(when),
    date: () => plain.format(when),
    date_short: () => short.format(when),
    date_long: () => long.format(when),
    date_pretty: () => pretty(plain),
    date_short_pretty: () => pretty(short),
    date_long_pretty: () => pretty(long),
    time: () => clock.format(when),
    time_secs: () => clockSeconds.format(when),
    ago: () => agoOf(String(seconds)),
  };
  return format.replace(/\{(\w+)\}/g, (all, name) => known[name]?.() ?? all);
}

function nearName(when) {
  const start = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((start(when) - start(new Date())) / 86400000);
  return { "-1": "Yesterday", 0: "Today", 1: "Tomorrow" }[days] ?? null;
}
