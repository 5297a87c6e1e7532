#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write every engine constant from rtl/engine.json, rtl/registers.rdl and rtl/stream.json: SystemVerilog packages, C++ headers,
documentation tables, CMake lists.

usage: generate.py --package FILE --header FILE --docs DIR --cmake FILE [--source rtl/engine.json] [--registers rtl/registers.rdl]
                   [--stream rtl/stream.json]
Beside the package goes stream_pkg.sv, beside the header stream_parameters.hpp: those of the stream engine.
Each output is optional; all but --cmake need the packages of scripts/requirements.txt. Files are written only when they change, so that
builds stay incremental. Bad input ends with one sentence and exit code 2.
"""
import argparse
import json
import pathlib
import sys

import generate_stream
import register_map

PARAMETERS = ["K", "WordBytes", "M", "NOut", "SliceK", "SliceM", "D", "Decryption", "PeStyle", "WeightBuffers", "AccWidth", "PMax",
              "AccBuffers", "R", "W", "BusBytes", "ReadCycles", "ActRows", "CountWidth", "WeightWords", "ControlWords", "CodeWords", "Shift", "CounterWidth",
              "Digits", "SumBits", "ResidualWords", "Windows", "AxiBytes", "Checksum"]
# Of the RTL alone: they change neither results nor the cycles of a job, so software does not know them.
RTL_PARAMETERS = PARAMETERS + ["Compact", "StepMemory"]


def refuse(sentence):
    """Bad input: one sentence, exit code 2."""
    print(f"generate.py: {sentence}", file=sys.stderr)
    sys.exit(2)


def power_of_two(value):
    return value > 0 and value & (value - 1) == 0


def check(name, c):
    """Return the sentences that say what is illegal in configuration c."""
    slices = c["K"] * c["M"] // c["NOut"]
    rules = [
        (c["NOut"] == c["SliceK"] * c["SliceM"] <= 32, "NOut must be SliceK * SliceM and at most 32"),
        (c["K"] % c["SliceK"] == 0 and 10 <= c["K"] <= 250, "K must be a multiple of SliceK in 10..250"),
        (c["K"] <= c["WordBytes"] <= 250, "WordBytes must be in K..250"),
        (c["M"] % c["SliceM"] == 0, "M must be a multiple of SliceM"),
        (power_of_two(c["R"]) and c["M"] % c["R"] == 0, "R must be a power of two that divides M"),
        (slices % c["D"] == 0, "D must divide the slices of a tile (K * M / NOut)"),
        (c["D"] <= 8 * c["BusBytes"], "D must not exceed the bus width"),
        (c["BusBytes"] in (4, 8), "BusBytes must be 4 or 8"),
        (c["W"] == max(2 * c["R"], c["BusBytes"]) and power_of_two(c["W"]) and 2 * c["W"] <= c["WordBytes"],
         "W must be max(2R, BusBytes), a power of two, at most WordBytes / 2"),
        (c["PMax"] % 4 == 0, "PMax must be a multiple of 4"),
        (c["AccBuffers"] in (1, 2) and c["WeightBuffers"] in (1, 2), "AccBuffers and WeightBuffers must be 1 or 2"),
        (all(power_of_two(c[w]) for w in ("ActRows", "WeightWords", "ControlWords", "CodeWords")),
         "ActRows, WeightWords, ControlWords and CodeWords must be powers of two"),
        (4 <= c["CountWidth"] <= 10, "CountWidth must be in 4..10"),
        (1 <= c["Shift"] <= 24, "Shift must be in 1..24"),
        (1 <= c["Digits"] <= 8, "Digits must be in 1..8"),
        (c["SumBits"] >= 0 and c["AccWidth"] + c["SumBits"] <= 32 and 2 ** c["SumBits"] <= c["PMax"],
         "SumBits must be at least 0, AccWidth + SumBits at most 32 and 2^SumBits at most PMax"),
        (c["ResidualWords"] == 0 or (power_of_two(c["ResidualWords"]) and 512 <= c["ResidualWords"] <= 2**24 and c["Shift"] >= 8),
         "ResidualWords must be 0, or a power of two in 512..2^24 with a Shift of at least 8"),
        (c["Windows"] in (0, 1) and (c["Windows"] == 0 or c["M"] <= c["WordBytes"]), "Windows must be 0, or 1 with M at most WordBytes"),
        (c["Compact"] in (0, 1) and (c["Compact"] == 0 or (c["AccBuffers"] == 1 and c["Windows"] == 0)),
         "Compact must be 0, or 1 with AccBuffers = 1 and Windows = 0"),
        (c["StepMemory"] in (0, 1), "StepMemory must be 0 or 1"),
        (c["ReadCycles"] == 1 or (c["ReadCycles"] == 3 and c["K"] == 10 and c["WordBytes"] == 16 and c["W"] == 4 and c["BusBytes"] == 4
                                  and c["AccBuffers"] == 1 and c["AxiBytes"] == 0 and c["Windows"] == 0),
         "ReadCycles must be 1, or 3 with K = 10, WordBytes = 16, W = 4, BusBytes = 4, AccBuffers = 1, AxiBytes = 0 and Windows = 0"),
        (c["AxiBytes"] in (0, 8, 16) and c["AxiBytes"] <= c["WordBytes"], "AxiBytes must be 0, 8 or 16 and at most WordBytes"),
        (c["Checksum"] in (0, 1), "Checksum must be 0 or 1"),
    ]
    return [f"configuration {name}: {text}" for ok, text in rules if not ok]


def load(source):
    try:
        data = json.loads(pathlib.Path(source).read_text())
    except json.JSONDecodeError as problem:
        refuse(f"{source}: {problem}")
    problems, configurations = [], {}
    for name, own in data["configurations"].items():
        unknown = [k for k in own if k not in RTL_PARAMETERS and k != "about"]
        if unknown:
            problems.append(f"configuration {name}: unknown parameter {unknown[0]}")
        merged = {**data["defaults"], **own}
        merged.setdefault("WordBytes", merged["K"])
        problems += check(name, merged)
        configurations[name] = merged
    if problems:
        refuse("; ".join(problems))
    data["configurations"] = configurations
    return data


def camel(name):
    return "".join(part.capitalize() for part in name.split("_"))


HEAD = "// SPDX-License-Identifier: Apache-2.0\n// Generated by scripts/generate.py from rtl/engine.json and rtl/registers.rdl: do not edit.\n"


def named_fields(m):
    """Fields of the registers that are more than one value: their name in the outputs, register, field."""
    return [(f"{r.name}_{f.name}", r, f) for r in m.registers for f in r.fields if f.name != "value"]


def package(d, m):
    out = [HEAD, "/// Constants shared by every block: registers, descriptor fields, style numbers.", "package flexor_pkg;"]
    for group, prefix in (("regions", "Region"), ("decryption", "Decryption"), ("pe_styles", "Pe"), ("stages", "Stage")):
        for name, value in d[group].items():
            out.append(f"  localparam int unsigned {prefix}{camel(name)} = {value};")
    for name, value, _ in m.errors:
        out.append(f"  localparam int unsigned Error{camel(name)} = {value};")
    for r in m.registers:
        out.append(f"  localparam int unsigned Reg{camel(r.name)} = {r.index};")
    for name, _, f in named_fields(m):
        out.append(f"  localparam int unsigned Bit{camel(name)} = {f.low};")
    for r in m.registers:
        if r.reset is not None:
            out.append(f"  localparam logic [31:0] Reset{camel(r.name)} = 32'h{r.reset:08X};")
    out.append("  /// Parameters of one engine, with the names of docs/architecture.md.")
    out.append("  typedef struct packed {")
    out += [f"    int unsigned {p};" for p in RTL_PARAMETERS]
    out.append("  } configuration_t;")
    for name, c in d["configurations"].items():
        values = ", ".join(f"{p}: {c[p]}" for p in RTL_PARAMETERS)
        out.append(f"  localparam configuration_t Configuration{camel(name)} = '{{{values}}};")
    names = list(d["configurations"])
    out.append("  /// All of them, in the order of engine.json.")
    out.append(f"  localparam configuration_t Configurations[{len(names)}] = '{{" + ", ".join(f"Configuration{camel(n)}" for n in names) + "};")
    out += [f"  localparam int unsigned Index{camel(n)} = {i};" for i, n in enumerate(names)]
    out.append(f"  localparam int unsigned DescriptorWords = {d['descriptor_words']};")
    out.append(f"  localparam int unsigned DescriptorUsedWords = {1 + max(f[1] for f in d['descriptor'])};")
    out.append("  /// Descriptor word of a field.")
    out += [f"  localparam int unsigned Word{camel(f[0])} = {f[1]};" for f in d["descriptor"]]
    out.append("  /// One layer's descriptor as read from control memory; field order is free, words and bits are in engine.json.")
    out.append("  typedef struct packed {")
    for name, _, _, width, _ in d["descriptor"]:
        out.append(f"    logic [{width - 1}:0] {name};")
    out.append("  } descriptor_t;")
    out.append("  /// Put descriptor word `word` (value `data`) in its fields of `old`.")
    out.append("  function automatic descriptor_t descriptor_insert(descriptor_t old, logic [4:0] word, logic [31:0] data);")
    out.append("    descriptor_t d;")
    out.append("    d = old;")
    out.append("    case (word)")
    for word in sorted({f[1] for f in d["descriptor"]}):
        fields = [f for f in d["descriptor"] if f[1] == word]
        out.append(f"      5'd{word}: begin")
        for name, _, low, width, _ in fields:
            out.append(f"        d.{name} = data[{low + width - 1}:{low}];")
        out.append("      end")
    out += ["      default: ;", "    endcase", "    return d;", "  endfunction", "endpackage"]
    return "\n".join(out) + "\n"


def header(d, m):
    out = [HEAD, "#pragma once", "#include <array>", "#include <cstdint>", "#include <string_view>", "", "namespace flexor {", ""]
    out.append("/// Parameters of one engine: the names and rules of docs/architecture.md.")
    out.append("struct EngineParameters {")
    out.append("  std::string_view name;   ///< configuration name")
    out.append("  std::string_view about;  ///< one line for tables")
    for p in PARAMETERS:
        out.append(f"  int {p};")
    out += ["", "  /// Slices of one tile, S.", "  constexpr int slices() const { return K * M / NOut; }",
            "  /// Groups of D slices in one tile, G.", "  constexpr int groups() const { return slices() / D; }",
            "  /// Multiply-accumulates per cycle.", "  constexpr int macs() const { return K * M; }",
            "  /// Bytes of activation memory.", "  constexpr int activation_bytes() const { return 2 * ActRows * WordBytes; }", "};", ""]
    names = list(d["configurations"])
    out.append(f"/// Every named configuration.\ninline constexpr std::array<EngineParameters, {len(names)}> kConfigurations = {{{{")
    for n in names:
        c = d["configurations"][n]
        out.append(f"    {{\"{n}\", \"{c['about']}\", " + ", ".join(str(c[p]) for p in PARAMETERS) + "},")
    out += ["}};", ""]
    out.append(f"inline constexpr std::uint32_t kInterfaceVersion = {m.reset('version')};")
    for group, enum in (("regions", "Region"), ("decryption", "Decryption"), ("pe_styles", "PeStyle"), ("stages", "Stage")):
        out.append(f"enum class {enum} : int {{ " + ", ".join(f"{camel(k)} = {v}" for k, v in d[group].items()) + " };")
    out += registers_header(m)
    out.append(f"inline constexpr int kDescriptorWords = {d['descriptor_words']};")
    out.append(f"inline constexpr int kDescriptorUsedWords = {1 + max(f[1] for f in d['descriptor'])};")
    out.append("/// Place of one descriptor field in control memory, and its lowest bit in the RTL's packed descriptor_t.")
    out.append("struct DescriptorField {\n  int word;\n  int low;\n  int width;\n  int packed;\n};")
    out.append("namespace descriptor {")
    packed = sum(f[3] for f in d["descriptor"])
    for name, word, low, width, about in d["descriptor"]:
        packed -= width
        out.append(f"inline constexpr DescriptorField {name}{{{word}, {low}, {width}, {packed}}};  ///< {about}")
    out += ["}  // namespace descriptor", "", "}  // namespace flexor"]
    return "\n".join(out) + "\n"


def registers_header(m):
    """The part of the header that comes from the register map."""
    out = ["enum class EngineError : int { " + ", ".join(f"{camel(name)} = {value}" for name, value, _ in m.errors) + " };"]
    out.append("enum class Register : int { " + ", ".join(f"{camel(r.name)} = {r.index}" for r in m.registers) + " };")
    out += ["/// What a register allows and what it reads after reset.", "struct RegisterInfo {", "  Register which;", "  std::string_view name;",
            "  bool readable;", "  bool writable;", "  bool external;           ///< it exists where AxiBytes > 0",
            "  bool reset_is_known;     ///< else the engine's parameters or the last job decide", "  std::uint32_t reset;", "};"]
    out.append(f"inline constexpr std::array<RegisterInfo, {len(m.registers)}> kRegisters = {{{{")
    for r in m.registers:
        flags = ["R" in r.access, "W" in r.access, r.external, r.reset is not None]
        out.append(f"    {{Register::{camel(r.name)}, \"{r.name}\", " + ", ".join(str(flag).lower() for flag in flags) + f", 0x{r.reset or 0:08X}}},")
    out += ["}};", "/// Some bits of a register.", "struct RegisterField {", "  Register which;", "  int low;", "  int width;",
            "  /// All bits of the field set.",
            "  constexpr std::uint32_t mask() const { return ((width < 32 ? 1U << width : 0U) - 1U) << low; }",
            "  /// The field of the value of its register.",
            "  constexpr std::uint32_t of(std::uint32_t value) const { return (value & mask()) >> low; }", "};", "namespace register_field {"]
    for name, r, f in named_fields(m):
        out.append(f"inline constexpr RegisterField {name}{{Register::{camel(r.name)}, {f.low}, {f.width}}};  ///< {f.about}")
    return out + ["}  // namespace register_field"]


def registers_page(m):
    """The tables of docs/generated/interface.md that come from the register map."""
    def value(number):
        return "-" if number is None else f"0x{number:x}"

    def bits(f):
        return f"{f.low + f.width - 1}:{f.low}" if f.width > 1 else str(f.low)

    out = ["Access: R, W, RW; W1C: written 1 clears. Reset: what it reads after reset; - where parameters of the engine or the last job decide.",
           "A write to a read-only register, or one that is refused, answers SLVERR and changes nothing.",
           f"{next(r for r in m.registers if r.external).name.upper()} and what follows exist where AxiBytes > 0.\n",
           "| register | byte address | access | reset | meaning |", "|---|---|---|---|---|"]
    for r in m.registers:
        reset = value(r.reset if "R" in r.access else None)
        out.append(f"| {r.name.upper()} | 0x{r.address:02x} | {r.access} | {reset} | {r.about} |")
    out += ["", "| field | bits | access | reset | meaning |", "|---|---|---|---|---|"]
    for _, r, f in named_fields(m):
        access = f.access.replace("RW1C", "R, W1C")
        out.append(f"| {r.name.upper()}.{f.name} | {bits(f)} | {access} | {value(f.reset)} | {f.about} |")
    out += ["", "| STATUS.error | name | when |", "|---|---|---|"]
    return out + [f"| {number} | {name} | {about} |" for name, number, about in m.errors]


def docs(d, m):
    mark = "<!-- Generated by scripts/generate.py from rtl/engine.json and rtl/registers.rdl: do not edit. -->\n"
    rows = [mark + "# Named configurations\n", "| | " + " | ".join(d["configurations"]) + " |",
            "|---|" + "---|" * len(d["configurations"])]
    for p in RTL_PARAMETERS:
        rows.append(f"| {p} | " + " | ".join(str(c[p]) for c in d["configurations"].values()) + " |")
    rows.append("| MACs per cycle | " + " | ".join(str(c["K"] * c["M"]) for c in d["configurations"].values()) + " |")
    interface = [mark + "# Registers and descriptor\n", *registers_page(m)]
    interface += ["", "| descriptor field | word | bits | meaning |", "|---|---|---|---|"]
    interface += [f"| {n} | {w} | {lo + wd - 1}:{lo} | {t} |" for n, w, lo, wd, t in d["descriptor"]]
    return {"configurations.md": "\n".join(rows) + "\n", "interface.md": "\n".join(interface) + "\n"}


def cmake(d):
    """FLEXOR_CONFIGURATIONS and, for each, the elaboration flags of flexor_engine (-GK=50 ...)."""
    out = ["# SPDX-License-Identifier: Apache-2.0", "# Generated by scripts/generate.py from rtl/engine.json: do not edit."]
    out.append("set(FLEXOR_CONFIGURATIONS " + " ".join(d["configurations"]) + ")")
    for name, c in d["configurations"].items():
        out.append(f"set(FLEXOR_PARAMETERS_{name} " + " ".join(f"-G{p}={c[p]}" for p in RTL_PARAMETERS) + ")")
    return "\n".join(out) + "\n"


def write(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default=here / "rtl" / "engine.json")
    parser.add_argument("--registers", default=here / "rtl" / "registers.rdl")
    parser.add_argument("--stream", default=here / "rtl" / "stream.json")
    parser.add_argument("--package")
    parser.add_argument("--header")
    parser.add_argument("--docs")
    parser.add_argument("--cmake")
    args = parser.parse_args()
    try:
        run(args)
    except (register_map.RegisterMapError, generate_stream.StreamError, OSError) as problem:
        refuse(problem)


def run(args):
    """Write what was asked for."""
    data = load(args.source)
    if args.cmake:
        write(args.cmake, cmake(data))
    if not (args.package or args.header or args.docs):
        return
    registers = register_map.load(args.registers)
    stream = generate_stream.load(args.stream)
    if args.package:
        write(args.package, package(data, registers))
        write(pathlib.Path(args.package).with_name("stream_pkg.sv"), generate_stream.package(stream))
    if args.header:
        write(args.header, header(data, registers))
        write(pathlib.Path(args.header).with_name("stream_parameters.hpp"), generate_stream.header(stream))
    if args.docs:
        write(pathlib.Path(args.docs) / "stream.md", generate_stream.page(stream))
        for name, text in docs(data, registers).items():
            write(pathlib.Path(args.docs) / name, text)


if __name__ == "__main__":
    main()
