# SPDX-License-Identifier: Apache-2.0
"""Random documents for the toy schema: most are valid, some are nearly so, some are noise."""

import random
import re

TOKEN = re.compile(r'\.\.\.|[_A-Za-z][_0-9A-Za-z]*|-?[0-9][0-9.eE+-]*|"""(?:[^"\\]|\\.)*"""|"(?:[^"\\]|\\.)*"|[^\s,]')


def read_schema(sdl):
    """{type: {field: (arguments, type)}} of objects and interfaces, inputs, members of abstract types."""
    fields, inputs, members = {}, {}, {}
    current = None
    for line in sdl.splitlines():
        head = re.match(r"(type|interface|input) (\w+)(?: implements ([\w &]+))? {", line)
        union = re.match(r"union (\w+) = (.*)", line)
        row = re.match(r"  (\w+)(?:\((.*)\))?: ([\w!\[\]]+)", line)
        if head:
            current = (inputs if head[1] == "input" else fields).setdefault(head[2], {})
            for name in (head[3] or "").replace("&", " ").split():
                members.setdefault(name, []).append(head[2])
        elif union:
            members[union[1]] = union[2].split(" | ")
        elif line.startswith("}"):
            current = None
        elif row and current is not None:
            arguments = dict(re.findall(r"(\w+): ([\w!\[\]]+)", row[2] or ""))
            current[row[1]] = (arguments, row[3])
    return fields, inputs, members


class Maker:
    def __init__(self, sdl, seed):
        self.fields, self.inputs, self.members = read_schema(sdl)
        self.random = random.Random(seed)

    def request(self):
        self.fragments, self.variables, self.values, self.budget = [], {}, {}, 60
        root = "Mutation" if self.random.random() < 0.1 else "Query"
        self.conditions = [f"F{i}" for i in range(self.random.randint(0, 3))]
        self.types = {name: self.random.choice(["Query", "Human", "Character", "Nest", "Droid", "SearchResult"])
                      for name in self.conditions}
        self.used, self.inside, self.serial = set(), -1, 0
        body = self.selection(root, 0)
        careless = self.random.random() < 0.05
        for i, name in enumerate(self.conditions):
            self.inside = -1 if careless else i
            if name in self.used or careless:
                self.fragments.append(f"fragment {name} on {self.types[name]} {self.selection(self.types[name], 1)}")
        head = ""
        if self.variables or root == "Mutation" or self.random.random() < 0.3:
            declared = " ".join(f"${n}: {t}{d}" for n, (t, d) in self.variables.items())
            head = f"{root.lower()} {'Q' if self.random.random() < 0.3 else ''}" + (f"({declared})" if declared else "")
        text = " ".join([head, body, *self.fragments])
        if self.random.random() < 0.35:
            text = self.spoil(text)
        request = {"query": text}
        if self.variables:
            request["variables"] = self.values
        return request

    def selection(self, type_, depth):
        chosen = [self.one(type_, depth) for _ in range(self.random.randint(1, 4))]
        return "{ " + " ".join(chosen) + " }"

    def one(self, type_, depth):
        r = self.random.random()
        self.budget -= 1
        if r < 0.08:
            return "__typename" + self.directives()
        fitting = [n for n in self.conditions[self.inside + 1:]
                   if self.types[n] == type_ or type_ in self.members.get(self.types[n], []) or self.random.random() < 0.02]
        if r < 0.2 and fitting and depth < 5:
            name = self.random.choice(fitting)
            self.used.add(name)
            return f"...{name}{self.directives()}"
        if r < 0.3 and depth < 5 and self.budget > 0:
            near = self.members.get(type_, []) + [type_]
            near += [a for a, m in self.members.items() if type_ in m]
            inner = self.random.choice(near)
            if self.random.random() < 0.02:
                inner = self.random.choice(["Human", "Query", "Filter", "Int", "Nope"])
            on = f" on {inner}" if inner != type_ or self.random.random() < 0.5 else ""
            return f"...{on}{self.directives()} {self.selection(inner, depth + 1)}"
        return self.field(type_, depth)

    def field(self, type_, depth):
        choices = self.fields.get(type_)
        if not choices:
            return "__typename"
        name = self.random.choice(list(choices))
        arguments, result = choices[name]
        inner = re.sub(r"\W", "", result)
        composite = inner in self.fields or inner in self.members
        if composite and (depth > 5 or self.budget < 0):
            return "__typename"
        alias = self.random.choice(["a: ", "b: ", "c: "]) if self.random.random() < 0.03 else ""
        if arguments and not alias and self.random.random() < 0.8:
            self.serial += 1
            alias = f"x{self.serial}: "
        given = [f"{a}: {self.value(t, 0)}" for a, t in arguments.items()
                 if t.endswith("!") or self.random.random() < 0.3]
        self.random.shuffle(given)
        text = alias + name + (f"({', '.join(given)})" if given else "") + self.directives()
        return text + (" " + self.selection(inner, depth + 1) if composite else "")

    def directives(self):
        if self.random.random() > 0.08:
            return ""
        name = self.random.choice(["skip", "include"])
        return f" @{name}(if: {self.value('Boolean!', 0)})"

    def value(self, type_, depth):
        if self.random.random() < 0.15 and depth < 2:
            return self.variable(type_)
        if type_.endswith("!"):
            return self.literal(type_[:-1], depth)
        return "null" if self.random.random() < 0.1 else self.literal(type_, depth)

    def variable(self, type_):
        name = f"v{len(self.variables)}"
        declared = type_ if self.random.random() < 0.9 else type_.rstrip("!") + self.random.choice(["", "!"])
        default = ""
        if self.random.random() < 0.3:
            default = " = " + self.constant(declared)
        self.variables[name] = (declared, default)
        if self.random.random() < 0.8:
            self.values[name] = self.json(declared)
        return f"${name}"

    def constant(self, type_):
        text = self.literal(type_.rstrip("!"), 9)
        return text if "$" not in text else "null"

    def literal(self, type_, depth):
        r = self.random
        if type_.startswith("["):
            if r.random() < 0.2:
                return self.value(type_[1:-1], depth + 1)
            return "[" + ", ".join(self.value(type_[1:-1], depth + 1) for _ in range(r.randint(0, 3))) + "]"
        if type_ in self.inputs:
            if depth > 3 and type_ == "Everything":
                return "{required: 1}"
            rows = [(n, t) for n, (_, t) in self.inputs[type_].items() if t.endswith("!") or r.random() < 0.3]
            return "{" + " ".join(f"{n}: {self.value(t, depth + 1)}" for n, t in rows) + "}"
        return r.choice({
            "Int": ["0", "1", "-7", "2147483647", "2147483648"], "Float": ["0", "1.5", "-2e3", "1E-2"],
            "String": ['""', '"x"', '"\\u00e9\\n"', '"""\n  a\n   b\n"""', '"a, b"'], "Boolean": ["true", "false"],
            "ID": ['"1000"', "1001", '"x"'], "Episode": ["JEDI", "EMPIRE", "NEWHOPE"], "Unit": ["CM", "FEET"],
            "JSON": ["1", '"x"', "{a: [1, B, {c: null}]}", "[]"], "Date": ['"2020-01-01"'],
        }.get(type_, ["1"]))

    def json(self, type_):
        r = self.random
        if r.random() < 0.05:
            return r.choice([None, 1, "x", True, [], {}, 1.5])
        bare = type_.rstrip("!")
        if not type_.endswith("!") and r.random() < 0.1:
            return None
        if bare.startswith("["):
            if r.random() < 0.2:
                return self.json(bare[1:-1])
            return [self.json(bare[1:-1]) for _ in range(r.randint(0, 3))]
        if bare == "Everything":
            return {"required": r.randint(0, 9), **({"filters": self.json("[Filter!]")} if r.random() < 0.5 else {})}
        if bare == "Filter":
            return {"key": "k", **({"query": None} if r.random() < 0.5 else {})}
        return r.choice({
            "Int": [0, 1, -7, 5.0], "Float": [0, 1.5, -2e3], "String": ["", "x", "é\n<>"], "Boolean": [True, False],
            "ID": ["1000", 1001], "Episode": ["JEDI", "EMPIRE"], "Unit": ["CM"], "JSON": [1, {"a": [None]}],
            "Date": ["2020-01-01"],
        }.get(bare, [1]))

    def spoil(self, text):
        """A token goes, comes, or changes."""
        tokens = TOKEN.findall(text)
        for _ in range(self.random.randint(1, 2)):
            at = self.random.randrange(len(tokens))
            change = self.random.random()
            other = self.random.choice(tokens + ["{", "}", "(", ")", "...", "on", "@skip", "$v0", "null", "!", "__typename"])
            if change < 0.35 and len(tokens) > 1:
                del tokens[at]
            elif change < 0.7:
                tokens[at] = other
            else:
                tokens.insert(at, other)
        return " ".join(tokens)
