"""The life of a device's prekeys (chapter 11), by their expiries."""

DAY = 86_400
LIFE, DUE, AFTER, KEPT = 30 * DAY, 15 * DAY, 90 * DAY, 3


def prekey_life(given):
    """`begins`, then steps of a time and what is done; the expiries that are kept after each, the present first."""
    kept, out = [int(given["begins"]) + LIFE], []
    for step in given["steps"]:
        now, what = int(step["at"]), step["what"]
        present = kept[0]
        if what != "look" or present - now < DUE:
            kept = [max(now + LIFE, present + 1), *kept][:KEPT]
        if what == "destroy":
            kept = kept[:1]
        if what == "look":
            kept = kept[:1] + [expiry for expiry in kept[1:] if now <= expiry + AFTER]
        out.append([str(expiry) for expiry in kept])
    return {"kept": out}
