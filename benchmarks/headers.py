"""What header prints find and what they take for a copy wrongly, on public architectures; how fast headers are read.

    LEAKWATCH_SHARED_DATA=… python benchmarks/headers.py [SEED]

Copies are made from published shapes (`model_shapes.py`), their sizes added up tensor by tensor (`header_cases.py`).
`PUBLISHED` are sizes of real files, as public catalogues of GGUF files tell them. The cases were built without them;
the package's rules were held against them while they were written, and the mix of early Mixtral files was added for
the one of them. The bounds of headers were chosen on these models too, so other families may fare a little worse.
Beside the reading of a safetensors header stands `json.loads` of the same bytes.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random

import header_cases as cases

from leakwatch.errors import LeakwatchError
from leakwatch.headers.likeness import Likeness, likeness
from leakwatch.headers.parameters import by_parameters, element_counts
from leakwatch.headers.prints import HeaderPrint, print_of
from leakwatch.headers.reader import HeaderKeeper, bytes_needed, read_header
from leakwatch.headers.sizes import by_sizes
from leakwatch.headers.stored import from_json, to_json
from leakwatch.torrent.metainfo import parse_torrent

PUBLISHED = (
    ("llama3.2-1b", "Q4_K_M", 807_694_464),
    ("llama3.2-3b", "Q4_K_M", 2_019_377_696),
    ("qwen2.5-3b", "Q4_K_M", 1_929_903_264),
    ("phi3.5-mini", "Q4_K_M", 2_393_232_672),
    ("mistral-7b-v0.3", "Q4_K_M", 4_372_812_000),
    ("qwen2.5-7b", "Q4_K_M", 4_683_074_240),
    ("llama3.1-8b", "Q4_K_M", 4_920_739_232),
    ("qwen2.5-14b", "Q4_K_M", 8_988_110_976),
    ("qwen2.5-32b", "Q4_K_M", 19_851_336_576),
    ("qwen2.5-7b", "Q2_K", 3_015_940_608),
    ("qwen2.5-7b", "Q3_K_M", 3_808_390_656),
    ("qwen2.5-7b", "Q5_K_M", 5_444_831_232),
    ("qwen2.5-7b", "Q6_K", 6_254_198_272),
    ("qwen2.5-7b", "Q8_0", 8_098_523_648),
    ("llama1-7b", "Q2_K", 2_825_940_672),
    ("llama1-7b", "Q4_K_M", 4_081_004_224),
    ("llama1-7b", "Q8_0", 7_161_089_728),
    ("mixtral-8x7b", "Q4_K_M", 26_441_533_376),
    ("qwen3-30b-a3b", "Q4_K_M", 18_556_686_912),
    ("qwen3-8b", "Q4_K_M", 5_027_783_488),
    ("qwen3-8b", "Q5_0", 5_720_761_152),
    ("qwen3-8b", "Q5_K_M", 5_851_112_224),
    ("qwen3-8b", "Q6_K", 6_725_899_040),
    ("qwen3-8b", "Q8_0", 8_709_518_112),
    ("llama3.1-8b", "Q8_0", 8_540_772_928),
    ("llama3.1-8b", "Q4_0", 4_661_223_296),
    ("gemma2-9b", "Q8_0", 9_827_148_736),
)
"""Model, file type, bytes: files of Llama 2 (LLaMA 1 has the same shapes), Mistral, Qwen, Phi, Gemma, Mixtral."""
_COPY = ("same", "resharded", "requantised")


class Tally:
    """Counts what was found of what."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.total: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()

    def add(self, label: str, hit: object) -> None:
        """One case."""
        self.total[label] += 1
        self.hits[label] += bool(hit)

    def show(self, word: str) -> None:
        """One line in all, and one for each kind of case that is not of one mind."""
        all_hits, total = self.hits.total(), self.total.total()
        print(f"  {self.name:<44} {word} {all_hits:5} of {total:5}  ({all_hits / total:.4f})")
        for label, count in self.total.items():
            if self.hits[label] < count if word == "recall" else self.hits[label]:
                print(f"      {label:<40} {self.hits[label]:5} of {count:5}")


def is_copy(judged: Likeness | None) -> bool:
    """Whether it is taken for the asset itself."""
    return judged is not None and judged.kind in _COPY


def measure_likeness(prints: dict[str, HeaderPrint], rng: Random) -> None:
    """Headers against headers."""
    models = cases.all_models()
    found, parts, wrong = (
        Tally("likeness, copies"),
        Tally("likeness, parts told as related"),
        Tally("likeness"),
    )
    ggufs = {
        name: print_of(cases.Header("gguf", tuple(cases.gguf_tensors(model, "Q4_K_M")), 900))
        for name, model in models.items()
    }
    for name, model in models.items():
        for label, copy in cases.like_headers(model, rng):
            found.add(label, is_copy(likeness(prints[name], copy)))
        for label, part in cases.related_headers(model):
            parts.add(label, likeness(prints[name], part).kind == "related")
        for neighbour in cases.neighbours(model):
            for other in (cases.plain(neighbour), *(copy for _, copy in cases.like_headers(neighbour, rng))):
                wrong.add("neighbour", likeness(prints[name], other).kind != "different")
        for _ in range(5):
            wrong.add(
                "same total by chance",
                likeness(prints[name], cases.by_chance(model, rng)).kind != "different",
            )
        for other in models:
            if other != name:
                wrong.add("other model", likeness(prints[name], prints[other]).kind != "different")
                wrong.add("other model, GGUF", likeness(prints[name], ggufs[other]).kind != "different")
    found.show("recall")
    parts.show("recall")
    wrong.show("false positives")


def shared_lists() -> Iterator[cases.FileList]:
    """File lists of recorded torrents."""
    folder = os.environ.get("LEAKWATCH_SHARED_DATA")
    for path in sorted(Path(folder).glob("torrents/torrents/*.torrent")) if folder else ():
        try:
            info = parse_torrent(path.read_bytes()).info
        except LeakwatchError:
            continue
        if info:
            yield [(file.path, file.size_bytes) for file in info.files]


def measure_sizes(prints: dict[str, HeaderPrint], rng: Random) -> None:
    """File lists against headers."""
    models = cases.all_models()
    found, real, wrong = Tally("by_sizes, copies"), Tally("by_sizes, published files"), Tally("by_sizes")
    lists = [cases.random_files(rng) for _ in range(300)]
    recorded = list(shared_lists())
    copies = {name: list(cases.like_files(model, rng)) for name, model in models.items()}
    for name, model in models.items():
        for label, files in copies[name]:
            found.add(label, is_copy(by_sizes(prints[name], files)))
        for neighbour in cases.neighbours(model):
            for label, files in cases.like_files(neighbour, rng):
                wrong.add(f"neighbour, {label}", by_sizes(prints[name], files))
        for other in models:
            for _, files in copies[other] if other != name else ():
                wrong.add("other model", by_sizes(prints[name], files))
        if isinstance(model, cases.Decoder):
            for files in cases.wrong_names(model, rng):
                wrong.add("type in the name is not the file's", by_sizes(prints[name], files))
        for files in lists:
            wrong.add("random weights, films, games", by_sizes(prints[name], files))
        for files in recorded:
            wrong.add("recorded torrents", by_sizes(prints[name], files))
    for name, quant, size in PUBLISHED:
        files = [(f"x/{name}.{quant}.gguf", size)]
        real.add(f"{name} {quant}", is_copy(by_sizes(prints[name], files)))
        for other, print_ in prints.items():
            if other != name:
                wrong.add("published files of other models", by_sizes(print_, files))
    found.show("recall")
    real.show("recall")
    wrong.show("false positives")
    start = time.perf_counter()
    for files in lists:
        by_sizes(prints["qwen3-30b-a3b"], files)
    print(f"  by_sizes: {(time.perf_counter() - start) / len(lists) * 1e6:.0f} µs a file list")


def measure_parameters(prints: dict[str, HeaderPrint], rng: Random) -> None:
    """Counts against headers."""
    models = cases.all_models()
    found, wrong = Tally("by_parameters, copies"), Tally("by_parameters")
    copies = {name: list(cases.like_counts(model)) for name, model in models.items()}
    for name, model in models.items():
        for label, counts in copies[name]:
            found.add(label, is_copy(by_parameters(element_counts(prints[name]), counts)))
        for neighbour in cases.neighbours(model):
            for _, counts in cases.like_counts(neighbour):
                wrong.add("neighbour", by_parameters(element_counts(prints[name]), counts))
        for other in models:
            for _, counts in copies[other] if other != name else ():
                wrong.add("other model", by_parameters(element_counts(prints[name]), counts))
        for _ in range(5):
            near = int(prints[name].elements * rng.uniform(0.9999, 1.0001)) + 5000
            wrong.add("nearly the same total", by_parameters(element_counts(prints[name]), {"BF16": near}))
    found.show("recall")
    wrong.show("false positives")


def show_fine_tunes(prints: dict[str, HeaderPrint]) -> None:
    """What cannot be told apart: other weights in the same architecture. Every one is taken for a copy."""
    taken = [0, 0, 0]
    for name, model in cases.all_models().items():
        tune = cases.plain(model)
        taken[0] += is_copy(likeness(prints[name], tune))
        taken[1] += is_copy(by_sizes(prints[name], cases.shard_files(list(tune.tensors), 3, Random(1))))
        taken[2] += is_copy(by_parameters(element_counts(prints[name]), {"BF16": tune.elements}))
    count = len(prints)
    print(f"  fine-tunes of the very architecture taken for it: {taken} of {count} (likeness, sizes, counts)")


def gguf_header(tensors: Iterable[cases.Tensor], words: int) -> bytes:
    """A GGUF header with a vocabulary, written by the specification."""

    def text(told: str) -> bytes:
        return struct.pack("<Q", len(told)) + told.encode()

    numbers = {name: number for number, (name, _, _) in cases.GGML_TYPES.items()}
    told, offset = list[bytes](), 0
    for one in tensors:
        lengths = struct.pack(f"<I{len(one.shape)}Q", len(one.shape), *one.shape[::-1])
        told.append(text(one.name) + lengths + struct.pack("<IQ", numbers[one.dtype], offset))
        offset += -(-one.size_bytes // 32) * 32
    vocabulary = b"".join(text(f"word{number}") for number in range(words))
    pairs = text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, words) + vocabulary
    return b"GGUF" + struct.pack("<IQQ", 3, len(told), 1) + pairs + b"".join(told) + bytes(64)


def best_s(work: Callable[[], object]) -> float:
    """The best of five."""
    times: list[float] = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def measure_speed() -> None:
    """Reading headers of one dense model and of one of many experts."""
    for name in ("llama3.1-8b", "qwen3-30b-a3b"):
        model = cases.all_models()[name]
        head = cases.json_header(cases.typed(cases.named(model), lambda _n, _s: "BF16"))
        ours, loads = (
            best_s(lambda head=head: read_header(head)),
            best_s(lambda head=head: json.loads(head[8:])),
        )
        size = len(head) / 1e6
        print(
            f"  safetensors {name:<14} {size:5.2f} MB: {size / ours:6.1f} MB/s,"
            f" json.loads {size / loads:6.1f} MB/s, ratio {loads / ours:.2f}"
        )
        header = read_header(head)
        if header:
            made = best_s(lambda header=header: print_of(header))
            text = json.dumps(to_json(print_of(header)))
            back = best_s(lambda text=text: from_json(json.loads(text)))
            print(
                f"    its print in {made * 1e3:.0f} ms; {len(text):,} characters of JSON, read in {back * 1e3:.0f} ms"
            )
        head = gguf_header(cases.gguf_tensors(model, "Q4_K_M"), model.vocabulary)
        ours, asked = (
            best_s(lambda head=head: read_header(head)),
            best_s(lambda head=head: bytes_needed(head)),
        )
        size = len(head) / 1e6
        print(
            f"  GGUF        {name:<14} {size:5.2f} MB: {size / ours:6.1f} MB/s, asked for its length {asked * 1e3:.0f} ms"
        )
    noise = Random(1).randbytes(4 * 2**20)
    print(f"  4 MiB of a file that is neither, past the keeper: {best_s(lambda: keep(noise)) * 1e6:.0f} µs")


def keep(noise: bytes) -> None:
    """A file's bytes past the keeper."""
    keeper = HeaderKeeper()
    keeper.update(noise)
    keeper.finish()


def main() -> None:
    """Print the tables."""
    rng = Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    prints = {name: cases.plain(model) for name, model in cases.all_models().items()}
    measure_likeness(prints, rng)
    measure_sizes(prints, rng)
    measure_parameters(prints, rng)
    show_fine_tunes(prints)
    measure_speed()


if __name__ == "__main__":
    main()
