# SPDX-License-Identifier: Apache-2.0
"""The register map as plain data, read from SystemRDL (rtl/registers.rdl) with systemrdl-compiler."""
import dataclasses
import pathlib

STRIDE = 8  # bytes from a register to the next, on either bus width


class RegisterMapError(Exception):
    """One sentence on what is wrong."""


@dataclasses.dataclass
class Field:
    """Some bits of a register. `reset` is None where it depends on the engine, or is whatever the last job left."""
    name: str
    low: int
    width: int
    access: str  # R, W, RW, or RW1C: written 1 clears
    reset: int | None
    about: str


@dataclasses.dataclass
class Register:
    """`external`: it exists where the engine has external memory."""
    name: str
    address: int
    external: bool
    about: str
    fields: list

    @property
    def index(self):
        """Number of the register."""
        return self.address // STRIDE

    @property
    def access(self):
        """R, W or RW."""
        return "".join(letter for letter in "RW" if any(letter in field.access for field in self.fields))

    @property
    def reset(self):
        """What it reads after reset, or None."""
        if any(field.reset is None for field in self.fields):
            return None
        return sum(field.reset << field.low for field in self.fields if "R" in field.access)


@dataclasses.dataclass
class RegisterMap:
    """Registers in the order of their addresses, and the error codes of STATUS: name, value, meaning."""
    registers: list
    errors: list

    def reset(self, name):
        """What the register `name` reads after reset."""
        return next(r.reset for r in self.registers if r.name == name)


def _compile(path):
    try:
        from systemrdl import RDLCompileError, RDLCompiler
        from systemrdl.messages import MessagePrinter, Severity
    except ImportError:
        raise RegisterMapError("the Python package systemrdl-compiler is missing; run scripts/setup, then use .venv/bin/python") from None

    class Collector(MessagePrinter):
        """Keeps the first error for one sentence."""
        first = None

        def print_message(self, severity, text, src_ref):
            if severity >= Severity.ERROR and self.first is None:
                line = f":{src_ref.line}" if hasattr(src_ref, "line") else ""
                self.first = f"{path}{line}: {text}"

    printer = Collector()
    compiler = RDLCompiler(message_printer=printer)
    try:
        compiler.compile_file(str(path))
        return compiler.elaborate().top
    except RDLCompileError as problem:
        raise RegisterMapError(" ".join((printer.first or f"{path}: {problem}").split())) from None


def _access(field):
    from systemrdl.rdltypes import AccessType, OnWriteType
    access = {AccessType.r: "R", AccessType.w: "W", AccessType.rw: "RW"}.get(field.get_property("sw"))
    if access is None:
        raise RegisterMapError(f"{field.get_path()}: sw must be r, w or rw")
    on_write = field.get_property("onwrite")
    if on_write not in (None, OnWriteType.woclr):
        raise RegisterMapError(f"{field.get_path()}: of the write side effects only woclr is known here")
    return access + ("1C" if on_write else "")


def _register(node):
    if node.get_property("regwidth") != 32:
        raise RegisterMapError(f"{node.get_path()}: registers have 32 bits")
    if not node.get_property("desc"):
        raise RegisterMapError(f"{node.get_path()}: a register needs a desc")
    fields = [Field(f.inst_name, f.low, f.width, _access(f), f.get_property("reset"), f.get_property("desc") or "") for f in node.fields()]
    return Register(node.inst_name, node.absolute_address, node.get_property("external_memory", default=False), node.get_property("desc"),
                    fields)


def load(path):
    """Read and check; RegisterMapError says what is wrong."""
    if not pathlib.Path(path).is_file():
        raise RegisterMapError(f"{path}: no such file")
    top = _compile(path)
    registers = [_register(node) for node in top.registers()]
    for i, register in enumerate(registers):
        if register.address != STRIDE * i:
            raise RegisterMapError(f"{path}: register {register.name} is at 0x{register.address:x}; registers stand {STRIDE} bytes apart from 0")
    if len(registers) > 32:
        raise RegisterMapError(f"{path}: there are {len(registers)} registers, the bus decodes 32")
    names = [r.name for r in registers]
    missing = [name for name in ("id", "version", "status", "transfers") if name not in names]
    if missing:
        raise RegisterMapError(f"{path}: there is no register {missing[0]}")
    if [r.external for r in registers] != [i >= names.index("transfers") for i in range(len(registers))]:
        raise RegisterMapError(f"{path}: the registers of external memory are transfers and all behind it, and no others")
    error = top.get_child_by_name("status").get_child_by_name("error")
    if error is None or error.get_property("encode") is None:
        raise RegisterMapError(f"{path}: status needs a field error with an encode")
    return RegisterMap(registers, [(m.name, m.value, m.rdl_desc or "") for m in error.get_property("encode")])
