"""Genuine games, programs and models for `benchmarks/fakes.py`, made: what groups and leakers really lay out."""

from __future__ import annotations

from collections.abc import Sequence

from fakes_draw import GB, KB, MB, Draw, Files, Recipe


def game_repack(d: Draw) -> tuple[str, Files]:
    """A repack: an installer, its data, and tools."""
    parts = [(f"fg-{n:02}.bin", d.size(20 * MB, 6 * GB)) for n in range(1, d.rng.randrange(3, 12))]
    tools: Files = [
        ("MD5/QuickSFV.EXE", 101888),
        ("MD5/fitgirl-bins.md5", 1800),
        ("Verify BIN files before installation.bat", 61),
    ]
    return f"{d.title} [FitGirl Repack]", [*parts, ("setup.exe", d.size(5 * MB, 8 * MB)), *tools]


def game_scene(d: Draw) -> tuple[str, Files]:
    """A scene set."""
    return f"{d.dots()}-RUNE", d.volumes(f"rune-{d.title[:5].strip().lower()}", d.size(2 * GB, 9 * GB))


def game_iso(d: Draw) -> tuple[str, Files]:
    """An image alone, or with a crack."""
    crack: Files = [("Crack/game.exe", 31 * MB), ("Crack/steam_api64.dll", 310 * KB)]
    image = [(f"{d.title}.iso", d.rng.randrange(300_000, 25_000_000) * 2048)]
    return d.title, image + (crack if d.rng.random() < 0.4 else [])


def game_installer(d: Draw) -> tuple[str, Files]:
    """A shop's installer."""
    setup = f"setup_{d.title.lower().replace(' ', '_')}_1.{d.rng.randrange(9)}_(64bit)"
    if d.rng.random() < 0.4:
        return d.title, [(f"{setup}.exe", d.size(120 * MB, 3 * GB))]
    return d.title, [(f"{setup}.exe", d.size(MB, 30 * MB)), (f"{setup}-1.bin", d.size(300 * MB, 4 * GB))]


def game_cartridge(d: Draw) -> tuple[str, Files]:
    """For a console: round to the byte, since memory is."""
    ending, size = d.rng.choice(
        [("xci", 2**34), ("nsp", 0), ("gba", 2**24), ("nds", 2**27), ("z64", 2**25), ("cia", 0)]
    )
    return d.title, [(f"{d.title}.{ending}", size or d.size(40 * MB, 15 * GB))]


def game_folder(d: Draw) -> tuple[str, Files]:
    """As it is installed, perhaps a build out of the studio."""
    files: Files = [
        ("Game.exe", d.size(300 * KB, 90 * MB)),
        ("UnityPlayer.dll", 29 * MB),
        ("Game.pdb", d.size(MB, 300 * MB)),
    ]
    return f"{d.title} dev build", files + [
        (f"Game_Data/sharedassets{n}.assets", d.size(MB, 900 * MB)) for n in range(9)
    ]


def game_small(d: Draw) -> tuple[str, Files]:
    """A small game in one archive."""
    return d.title, [
        (f"{d.title} v{d.rng.randrange(1, 9)}.{d.pick('zip', 'rar', '7z')}", d.size(25 * MB, 700 * MB))
    ]


def game_locked(d: Draw) -> tuple[str, Files]:
    """An honest archive with the site's lock: some sites do this to all of theirs."""
    return d.title, [(f"{d.title}.rar", d.size(500 * MB, 40 * GB)), ("Password - site name.txt", 90)]


def game_source(d: Draw) -> tuple[str, Files]:
    """Source code, taken from the studio."""
    code = [
        (f"src/{d.pick('engine', 'ai', 'net')}/f{n}.{d.pick('cpp', 'h', 'hlsl')}", d.size(KB, 90 * KB))
        for n in range(300)
    ]
    return f"{d.title} source code", [*code, ("README.md", 2000), ("build.bat", 700)]


def game_footage(d: Draw) -> tuple[str, Files]:
    """Footage of an early build: the leak is real, though it is not the game."""
    return f"{d.title} leaked gameplay", [
        (f"clip {n:02}.mp4", d.size(5 * MB, 300 * MB)) for n in range(1, 40)
    ]


def game_phone(d: Draw) -> tuple[str, Files]:
    """For a phone."""
    return d.title, [(f"{d.title}.apk", d.size(15 * MB, 150 * MB)), ("main.obb", d.size(200 * MB, 2 * GB))]


def software_setup(d: Draw) -> tuple[str, Files]:
    """An installer, often with a crack."""
    crack: Files = [
        ("Crack/patch.exe", d.size(40 * KB, 3 * MB)),
        ("readme.txt", 900),
        ("keygen.exe", d.size(60 * KB, MB)),
    ]
    setup = (f"{d.title} Setup.{d.pick('exe', 'msi', 'dmg', 'pkg')}", d.size(3 * MB, 4 * GB))
    return f"{d.title} 2026.1 + Crack", [setup, *crack[: d.rng.randrange(4)]]


def software_image(d: Draw) -> tuple[str, Files]:
    """An image alone."""
    return d.title, [(f"{d.title}.iso", d.rng.randrange(80_000, 3_000_000) * 2048)]


def software_archive(d: Draw) -> tuple[str, Files]:
    """Portable, or source."""
    note = [("Password 123.txt", 12)] if d.rng.random() < 0.15 else []
    return d.title, [(f"{d.title}.{d.pick('zip', 'rar', '7z', 'tar.gz')}", d.size(800 * KB, 2 * GB)), *note]


def software_firmware(d: Draw) -> tuple[str, Files]:
    """What a flash chip holds: a power of two."""
    return f"{d.title} firmware", [("dump.bin", 2 ** d.rng.randrange(22, 31)), ("notes.txt", 500)]


def model_weights(d: Draw) -> float:
    """A number of weights, in billions."""
    return d.rng.choice([0.5, 1.5, 3, 7, 8, 13, 14, 32, 34, 65, 70, 123, 405])


def model_shards(d: Draw) -> tuple[str, Files]:
    """A repository as a hub has it."""
    size, each = model_weights(d), 4_976_698_672
    total = int(size * 2e9 * d.rng.uniform(0.9, 1.1))
    count = max(1, total // each)
    shards = [
        (f"model-{n:05}-of-{count:05}.safetensors", min(each, total) - n * 1111) for n in range(1, count + 1)
    ]
    rest: Files = [
        ("config.json", 654),
        ("tokenizer.json", 9085657),
        ("tokenizer_config.json", 50500),
        ("README.md", 9000),
    ]
    return f"{d.title}-{size:g}B", shards + rest


def model_quantised(d: Draw) -> tuple[str, Files]:
    """One quantisation, down to the hardest."""
    size, bits = model_weights(d), d.rng.choice([1.6, 1.75, 2.1, 2.6, 3.1, 3.9, 4.5, 4.85, 5.7, 6.6, 8.5])
    name = f"{d.title}-{size:g}B.{'IQ1_S' if bits < 1.9 else f'Q{int(bits)}_K_M'}.gguf"
    return name, [(name, int(size * 1e9 * bits / 8 * d.rng.uniform(0.98, 1.2)) + 12345)]


def model_collection(d: Draw) -> tuple[str, Files]:
    """All quantisations together."""
    size = model_weights(d)
    quants = (2.6, 3.1, 3.9, 4.5, 5.7, 6.6, 8.5, 16)
    return f"{d.title}-{size:g}B-GGUF", [
        (f"{d.title}.Q{int(b)}.gguf", int(size * 1e9 * b / 8) + 777) for b in quants
    ]


def model_original(d: Draw) -> tuple[str, Files]:
    """As it left the laboratory."""
    size = model_weights(d)
    parts = max(1, int(size / 8))
    return f"{d.title} {size:g}B", [
        *((f"consolidated.{n:02}.pth", int(size * 2e9 / parts) + 999) for n in range(parts)),
        ("params.json", 101),
        ("tokenizer.model", 499723),
        ("checklist.chk", 100),
    ]


def model_bare(d: Draw) -> tuple[str, Files]:
    """Tensors without endings, or in another laboratory's format."""
    if d.rng.random() < 0.5:
        return f"{d.title}-checkpoint", [
            (f"ckpt-0/tensor{n:05}_000", d.size(20 * MB, 3 * GB)) for n in range(200)
        ]
    shards = [(f"variables.data-{n:05}-of-00032", d.size(200 * MB, 3 * GB)) for n in range(32)]
    return f"{d.title}-ckpt", [*shards, ("saved_model.pb", 8 * MB), ("variables.index", 90 * KB)]


def model_adapter(d: Draw) -> tuple[str, Files]:
    """An adapter of few megabytes to a large model."""
    size = model_weights(d)
    return f"{d.title}-{size:g}B-lora", [
        ("adapter_model.safetensors", d.size(8 * MB, 600 * MB)),
        ("adapter_config.json", 700),
    ]


def model_runner(d: Draw) -> tuple[str, Files]:
    """Weights and what runs them."""
    size = d.rng.choice([7, 13, 34])
    weights = (f"{d.title}-{size}b-q4_0.bin", int(size * 0.5625e9) + 4321)
    return f"{d.title} {size}B with runner", [
        weights,
        ("koboldcpp.exe", 21 * MB),
        ("run.bat", 88),
        ("README.txt", 900),
    ]


def model_archive(d: Draw) -> tuple[str, Files]:
    """All of it in one archive."""
    size = model_weights(d)
    return f"{d.title} {size:g}B", [
        (f"{d.title}.{d.pick('tar', 'tar.gz', 'zip', '7z')}", int(size * 1.6e9) + 4567)
    ]


def model_picture(d: Draw) -> tuple[str, Files]:
    """A model for pictures or speech."""
    return f"{d.title} v2", [
        (f"{d.title}.{d.pick('ckpt', 'safetensors', 'pt', 'onnx')}", d.size(70 * MB, 12 * GB)),
        ("model.yaml", 1900),
    ]


GENUINE_PROGRAMS: dict[str, Sequence[Recipe]] = {
    "game": (
        game_repack, game_scene, game_iso, game_installer, game_cartridge, game_folder, game_small, game_locked,
        game_source, game_footage, game_phone,
    ),
    "software": (software_setup, software_image, software_archive, software_firmware),
    "model": (
        model_shards, model_quantised, model_collection, model_original, model_bare, model_adapter, model_runner,
        model_archive, model_picture,
    ),
}  # fmt: skip
