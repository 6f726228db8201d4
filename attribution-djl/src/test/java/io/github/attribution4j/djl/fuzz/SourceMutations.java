// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Changes of a program's text. */
final class SourceMutations {
    private static final Pattern TOKEN =
            Pattern.compile("[A-Za-z_][A-Za-z_0-9]*|[0-9][0-9.e]*|\"[^\"\n]*\"|->|\n|[^ \n]");
    private static final Pattern RESULT = Pattern.compile("(?m)^( +)return (.+)$");
    private static final Pattern CALL = Pattern.compile("\\(([a-z_0-9]+), \\)");
    private static final Pattern NUMBER = Pattern.compile("(?<![A-Za-z_0-9.])[0-9]+(\\.[0-9]*)?");
    private static final Pattern DECLARATION = Pattern.compile("(?m)^(  [a-z_0-9]+ : )(.+)$");
    private static final int[] DEPTHS = {20, 60, 120, 390, 2000, 100_000};

    private static final String[] UNKNOWN = {
        "y = lambda x: x",
        "try:\n      pass\n    except:\n      pass",
        "import os",
        "y = x if True else x",
        "assert True",
        "y = [i for i in range(3)]",
        "del x",
        "y = x @ x",
        "global x",
        "y = f\"{x}\"",
        "y = (x := x)",
        "@torch.jit.ignore",
        "async def f():\n      pass",
        "raise ValueError(\"no\")",
        "y = *x",
        "y = {x}",
        "break",
        "y = x.T",
        "y = torch.no_such_operator(x)",
        "y = ops.no.such(x)",
        "y = __torch__.no.such(x, )",
        "y = CONSTANTS.c77",
        "torch.save(x, \"/tmp/attribution4j-escaped\")",
        "y = torch.from_file(\"/tmp/attribution4j-escaped\", True, 10)",
        "y = unchecked_cast(__torch__.NoSuch, x)",
        "y = annotate(Tuple[int, int], x)",
        "y = uninitialized(Tensor)"
    };

    private SourceMutations() {}

    static String mutate(Draft draft) {
        RawZip.Entry entry = draft.entry(".py");
        String text = Draft.text(entry);
        Edit edit = edit(draft, text);
        Draft.set(entry, edit.text());
        // What may not end is not run: that is the program's own doing.
        draft.runs &= !edit.text().contains("while ") && !edit.text().contains("for ");
        return entry.name + ": " + edit.what();
    }

    private record Edit(String text, String what) {}

    private static Edit edit(Draft draft, String text) {
        return switch (draft.below(26)) {
            case 0 -> new Edit(text.substring(0, draft.below(text.length())), "cut");
            case 1, 2 -> tokens(draft, text);
            case 3, 4 -> lines(draft, text);
            case 5 -> wrapped(draft, text, "(", ")");
            case 6 -> wrapped(draft, text, "[", "]");
            case 7 -> wrapped(draft, text, "torch.neg(", ")");
            case 8 -> wrapped(draft, text, "", draft.any(".x", "[0]", "()", ".T.T"));
            case 9 -> blocks(draft, text);
            case 10 -> types(draft, text);
            case 11, 12 -> numbers(draft, text);
            case 13 -> statement(draft, text, "y = \"" + "a".repeat(draft.any(1000, 1_000_000)) + "\"", "a long text");
            case 14 -> {
                String name = "n".repeat(draft.any(1000, 200_000));
                yield draft.chance(2)
                        ? statement(draft, text, name + " = 3", "a long name")
                        : statement(draft, text, "y = torch." + name + "(x)", "a long unknown name");
            }
            case 15 -> statement(draft, text, draft.any(UNKNOWN), "an unknown construct");
            case 16 -> recursion(draft, text);
            case 17 -> arguments(draft, text);
            case 18 -> new Edit(text.replaceFirst("def forward", "def backward"), "no forward");
            case 19 -> chain(draft, text, false);
            case 20 -> {
                draft.runs = false;
                yield chain(draft, text, true);
            }
            case 21 -> many(draft, text);
            case 22 -> declarations(draft, text);
            case 23 -> {
                String odd = draft.any(
                        "\0",
                        "\u00ef\u00bb\u00bf",
                        "\t",
                        "\r\n",
                        "\u00ff",
                        "\u0007",
                        "\\",
                        "\u00c3\u00a9",
                        "#",
                        "\"",
                        ";");
                int at = draft.below(text.length());
                yield new Edit(text.substring(0, at) + odd + text.substring(at), "an odd character");
            }
            case 24 -> new Edit(text + text, "twice");
            default -> new Edit("", "empty");
        };
    }

    private static Edit tokens(Draft draft, String text) {
        List<int[]> tokens = new ArrayList<>();
        Matcher matcher = TOKEN.matcher(text);
        while (matcher.find()) {
            tokens.add(new int[] {matcher.start(), matcher.end()});
        }
        int[] one = draft.any(tokens);
        int[] two = draft.any(tokens);
        if (one[0] > two[0]) {
            int[] swap = one;
            one = two;
            two = swap;
        }
        String first = text.substring(one[0], one[1]);
        String second = text.substring(two[0], two[1]);
        return switch (draft.below(4)) {
            case 0 -> new Edit(text.substring(0, one[0]) + text.substring(one[1]), "a token dropped");
            case 1 -> new Edit(text.substring(0, one[1]) + " " + text.substring(one[0]), "a token twice");
            case 2 -> new Edit(text.substring(0, one[0]) + second + text.substring(one[1]), "a token replaced");
            default ->
                one == two
                        ? new Edit(text, "nothing")
                        : new Edit(
                                text.substring(0, one[0])
                                        + second
                                        + text.substring(one[1], two[0])
                                        + first
                                        + text.substring(two[1]),
                                "two tokens swapped");
        };
    }

    private static Edit lines(Draft draft, String text) {
        List<String> lines = new ArrayList<>(text.lines().toList());
        int at = draft.below(lines.size());
        String what = switch (draft.below(4)) {
            case 0 -> {
                lines.remove(at);
                yield "a line dropped";
            }
            case 1 -> {
                lines.add(at, lines.get(at));
                yield "a line twice";
            }
            case 2 -> {
                Collections.swap(lines, at, draft.below(lines.size()));
                yield "two lines swapped";
            }
            default -> {
                lines.set(at, draft.any("  ", "") + lines.get(at).strip());
                yield "a line indented otherwise";
            }
        };
        return new Edit(String.join("\n", lines) + "\n", what);
    }

    /** Wraps what a method returns many times over. */
    private static Edit wrapped(Draft draft, String text, String open, String close) {
        int depth = DEPTHS[draft.below(DEPTHS.length)];
        Matcher results = RESULT.matcher(text);
        String changed = results.find()
                ? text.substring(0, results.start(2))
                        + open.repeat(depth)
                        + results.group(2)
                        + close.repeat(depth)
                        + text.substring(results.end(2))
                : text;
        return new Edit(changed, depth + " times " + open + close);
    }

    private static Edit blocks(Draft draft, String text) {
        int depth = draft.any(20, 60, 120, 390, 1500);
        StringBuilder blocks = new StringBuilder();
        String head = draft.any("if True:", "while False:", "for i in range(2):", "with x:");
        for (int i = 0; i < depth; i++) {
            blocks.append(" ".repeat(4 + i)).append(head).append('\n');
        }
        blocks.append(" ".repeat(4 + depth)).append("pass\n");
        if (head.startsWith("if")) {
            for (int i = depth - 1; i >= 0; i--) {
                blocks.append(" ".repeat(4 + i))
                        .append("else:\n")
                        .append(" ".repeat(5 + i))
                        .append("pass\n");
            }
        }
        Matcher results = RESULT.matcher(text);
        String changed =
                results.find() ? text.substring(0, results.start()) + blocks + text.substring(results.start()) : text;
        return new Edit(changed, depth + " blocks of " + head);
    }

    private static Edit types(Draft draft, String text) {
        int depth = draft.any(20, 60, 120, 390, 100_000);
        String name = draft.any("List", "Optional", "Tuple", "Future");
        String type = (name + "[").repeat(depth) + "Tensor" + "]".repeat(depth);
        return switch (draft.below(4)) {
            case 0 -> new Edit(text.replaceFirst(": Tensor\\)", ": " + type + ")"), depth + " deep parameter type");
            case 1 -> new Edit(text.replaceFirst("-> Tensor", "-> " + type), depth + " deep result type");
            case 2 ->
                new Edit(
                        text.replaceFirst("  training : bool", "  training : " + type), depth + " deep attribute type");
            default -> statement(draft, text, "q = annotate(" + type + ", [])", depth + " deep annotated type");
        };
    }

    private static Edit numbers(Draft draft, String text) {
        Matcher numbers = NUMBER.matcher(text);
        List<int[]> found = new ArrayList<>();
        while (numbers.find()) {
            found.add(new int[] {numbers.start(), numbers.end()});
        }
        if (found.isEmpty()) {
            return new Edit(text, "nothing");
        }
        int[] at = draft.any(found);
        String number = draft.any(
                "99999999999999999999",
                "9223372036854775807",
                "-9223372036854775808",
                "1e999",
                "-1",
                "0",
                "1".repeat(10_000),
                "2147483648",
                "1.5",
                "1.+2.j",
                "0x10",
                "1_000",
                "nan",
                "17179869184",
                "1000000");
        draft.runs &= number.length() < 4;
        return new Edit(
                text.substring(0, at[0]) + number + text.substring(at[1]),
                "a number is " + number.substring(0, Math.min(20, number.length())));
    }

    /** Adds a statement before a result. */
    private static Edit statement(Draft draft, String text, String statement, String what) {
        List<Integer> starts = new ArrayList<>();
        Matcher results = RESULT.matcher(text);
        while (results.find()) {
            starts.add(results.start());
        }
        if (starts.isEmpty()) {
            return new Edit(text + statement + "\n", what);
        }
        int at = draft.any(starts);
        return new Edit(text.substring(0, at) + "    " + statement + "\n" + text.substring(at), what);
    }

    private static Edit recursion(Draft draft, String text) {
        Matcher self = Pattern.compile("self: (__torch__[A-Za-z_0-9.]*)").matcher(text);
        String type = self.find() ? self.group(1) : "__torch__.M";
        return switch (draft.below(4)) {
            case 0 -> statement(draft, text, "y = (self).forward(x, )", "a method that calls itself");
            case 1 ->
                new Edit(
                        text.replaceFirst("  training : bool", "  training : " + type), "a class that contains itself");
            case 2 ->
                new Edit(
                        statement(draft, text, "y = __torch__.loop(x, )", "").text()
                                + "def loop(x: Tensor) -> Tensor:\n  return __torch__.loop(x, )\n",
                        "a function that calls itself");
            default ->
                new Edit(
                        text.replaceFirst("  training : bool", "  training : bool\n  me : " + type),
                        "a module inside itself");
        };
    }

    private static Edit arguments(Draft draft, String text) {
        Matcher calls = CALL.matcher(text);
        List<int[]> found = new ArrayList<>();
        while (calls.find()) {
            found.add(new int[] {calls.start(), calls.end(), calls.start(1), calls.end(1)});
        }
        if (found.isEmpty()) {
            return new Edit(text, "nothing");
        }
        int[] at = draft.any(found);
        String name = text.substring(at[2], at[3]);
        String list = draft.any(
                "()",
                "(" + name + ", " + name + ", )",
                "(3, )",
                "(None, )",
                "([" + name + "], )",
                "(self, )",
                "(nowhere, )",
                "(" + name + ", k=" + name + ")",
                "(" + (name + ", ").repeat(5000) + ")");
        return new Edit(text.substring(0, at[0]) + list + text.substring(at[1]), "other arguments");
    }

    /** Functions that call each other in a row; twice each, which grows without bound once calls are put in place. */
    private static Edit chain(Draft draft, String text, boolean twice) {
        int length = twice ? draft.any(10, 30, 60) : draft.any(20, 100, 190, 1000, 5000);
        boolean methods = draft.chance(2);
        String type = text.contains("self: ")
                ? text.replaceAll("(?s).*?self: (__torch__[A-Za-z_0-9.]*).*", "$1")
                : "__torch__.M";
        StringBuilder chain = new StringBuilder();
        String indent = methods ? "  " : "";
        for (int i = 0; i <= length; i++) {
            chain.append(indent).append("def link").append(i).append(methods ? "(self: " + type + ", " : "(");
            chain.append("x: Tensor) -> Tensor:\n").append(indent).append("  return ");
            String next = i == length ? "x" : (methods ? "(self).link" : "__torch__.chain.link") + (i + 1) + "(x, )";
            chain.append(twice && i < length ? "torch.add(" + next + ", " + next + ")" : next)
                    .append('\n');
        }
        String call = methods ? "(self).link0(x, )" : "__torch__.chain.link0(x, )";
        Edit start = statement(draft, text.replace("return torch", "x = input\n    return torch"), "y = " + call, "");
        String changed = start.text();
        if (methods) {
            int def = changed.indexOf("  def ");
            changed = def < 0 ? changed : changed.substring(0, def) + chain + changed.substring(def);
        } else {
            draft.zip.entries.add(new RawZip.Entry(
                    draft.folder() + "code/__torch__/chain.py",
                    chain.toString().getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
        }
        return new Edit(
                changed,
                "a chain of " + length + (methods ? " methods" : " functions") + (twice ? ", each twice" : ""));
    }

    private static Edit many(Draft draft, String text) {
        int count = draft.any(1000, 20_000, 100_000);
        return switch (draft.below(5)) {
            case 0 -> statement(draft, text, "y = 3\n    ".repeat(count).strip(), count + " statements");
            case 1 -> new Edit(text + "class C(Module):\n  training : bool\n".repeat(count), count + " classes");
            case 2 ->
                new Edit(
                        text.replaceFirst("  training : bool", "  training : bool\n" + "  a : int\n".repeat(count)),
                        count + " attributes");
            case 3 -> statement(draft, text, "y = [" + "3, ".repeat(count) + "]", count + " items");
            default -> new Edit("\n".repeat(count) + text, count + " empty lines");
        };
    }

    private static Edit declarations(Draft draft, String text) {
        Matcher declarations = DECLARATION.matcher(text);
        List<int[]> found = new ArrayList<>();
        while (declarations.find()) {
            found.add(new int[] {declarations.start(), declarations.end(), declarations.start(2)});
        }
        if (found.size() < 2) {
            return new Edit(text, "nothing");
        }
        int[] one = draft.any(found);
        int[] other = draft.any(found);
        String type = draft.chance(2)
                ? text.substring(other[2], other[1])
                : draft.any(
                        "Tensor",
                        "int",
                        "str",
                        "List[int]",
                        "Dict[str, Tensor]",
                        "Optional[Tensor]",
                        "Any",
                        "Tuple[Tensor, int]",
                        "NoneType",
                        "Final[int] = 3",
                        "__torch__.NoSuch",
                        "Optional",
                        "Dict[int]",
                        "List",
                        "Tuple[()]");
        return new Edit(
                text.substring(0, one[2]) + type + text.substring(one[1]),
                text.substring(one[0], one[2]).strip() + " of type " + type);
    }
}
