// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.program.Structure;
import io.github.attribution4j.djl.internal.rule.RuleSource;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.wire.Level;
import io.github.attribution4j.djl.internal.wire.RuntimeSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the methods that a copy of a program gains at its root. They unpack a question, call {@code forward}, and
 * reply.
 */
final class EntrySource {
    private final RepairedProgram program;
    private final RuntimeSource runtime;
    private final boolean unbatched;
    private final @Nullable RuleSource rules;
    private final Signature signature;

    EntrySource(RepairedProgram program, RuntimeSource runtime, boolean unbatched, @Nullable RuleSource rules) {
        this.program = program;
        this.runtime = runtime;
        this.unbatched = unbatched;
        this.rules = rules;
        this.signature = Signature.of(program.index());
    }

    Signature signature() {
        return signature;
    }

    /** Returns the methods that need no tape. */
    List<Stmt.Def> at(Level level) {
        List<Stmt.Def> methods = new ArrayList<>();
        boolean plain = isPlain();
        boolean one = plain && signature.parameters().size() == 1;
        // For one input, the short entries answer everything at this level.
        if (rules == null && !(one && level == Level.FORWARD)) {
            methods.add(entry(Instrumented.FORWARD, false));
        }
        if (plain) {
            methods.add(plainEntry(Instrumented.PLAIN, "torch.contiguous(torch.detach(a4j_x[%d]))", "[a4j_y]"));
        }
        if (one) {
            String leaf = "torch.requires_grad_(torch.contiguous(torch.detach(a4j_x[%d])), True)";
            methods.add(plainEntry(Instrumented.LEAF, leaf, "[a4j_y, a4j_0]"));
        }
        return methods;
    }

    /** Returns the method that makes a tape, whose calls are then redirected. */
    Stmt.Def run() {
        return entry(Instrumented.RUN, true);
    }

    /** Returns whether tensors go in and one comes out, by a call without more. */
    boolean isPlain() {
        return rules == null
                && !unbatched
                && program.state().writtenInputs().isEmpty()
                && signature.result() instanceof Structure.Tensor
                && !signature.parameters().isEmpty()
                && signature.parameters().stream()
                        .allMatch(parameter ->
                                parameter.structure() instanceof Structure.Tensor && !parameter.hasDefault());
    }

    private Stmt.Def plainEntry(String name, String argument, String reply) {
        StringBuilder text = new StringBuilder("def ").append(name).append("(self: ");
        text.append(program.index().root().name()).append(", a4j_x: List[Tensor]) -> List[Tensor]:\n");
        StringBuilder arguments = new StringBuilder();
        for (int i = 0; i < signature.parameters().size(); i++) {
            text.append("  a4j_")
                    .append(i)
                    .append(" = ")
                    .append(argument.formatted(i))
                    .append('\n');
            arguments.append("a4j_").append(i).append(", ");
        }
        // A list that a failure leaves behind must not hold anything.
        text.append("  _0 = torch.clear(a4j_x)\n  a4j_y = (self).forward(")
                .append(arguments)
                .append(")\n");
        text.append("  a4j_reply = ").append(reply).append('\n').append(runtime.plain("a4j_reply"));
        return Parser.function(text.append("  return a4j_reply\n").toString());
    }

    private Stmt.Def entry(String name, boolean instrumented) {
        String file = AddedNames.RUNTIME;
        StringBuilder text = new StringBuilder("def ").append(name).append("(self: ");
        text.append(program.index().root().name()).append(", a4j_x: List[Tensor]) -> List[Tensor]:\n");
        text.append("  a4j_v = annotate(List[Tensor], [])\n  a4j_l = annotate(List[Tensor], [])\n");
        if (rules != null && instrumented) {
            text.append("  a4j_f, a4j_n, a4j_m, = ").append(file).append(".rules(a4j_x, )\n");
        }
        text.append("  a4j_c = ").append(file).append(".open(a4j_x, a4j_v, a4j_l, )\n");
        if (instrumented) {
            text.append("  a4j_t = ")
                    .append(RuntimeSource.TAPE)
                    .append(".__new__(")
                    .append(RuntimeSource.TAPE);
            text.append(")\n  _0 = (a4j_t).__init__(a4j_c, a4j_v, )\n");
            if (rules != null) {
                text.append("  _1 = (a4j_t).follow(a4j_f, a4j_n, a4j_m, )\n  _2 = (a4j_t).prepare()\n");
            }
        } else {
            text.append("  _0 = torch.pop(a4j_c, 0)\n");
        }
        StringBuilder arguments = new StringBuilder();
        List<Signature.Parameter> parameters = signature.parameters();
        for (int i = 0; i < parameters.size(); i++) {
            Signature.Parameter parameter = parameters.get(i);
            String value = runtime.argument(i, parameter);
            if (value == null) {
                throw new RewriteException(program.archive().name() + ": parameter '" + parameter.name()
                        + "' of the model has type " + parameter.type()
                        + ", which cannot be passed; wrap the model in a module that takes tensors");
            }
            text.append("  a4j_").append(i).append(" = ").append(value).append('\n');
            arguments.append("a4j_").append(i).append(", ");
        }
        text.append("  a4j_y = (self).forward(").append(arguments.toString().stripTrailing());
        text.append(arguments.length() > 0 ? " )\n" : ")\n");
        text.append("  a4j_out = annotate(List[Tensor], [])\n  a4j_layout = annotate(List[int], [])\n  ");
        text.append(runtime.write(signature.result(), "a4j_out", "a4j_layout", "a4j_y"));
        text.append('\n').append(runtime.plain("a4j_out"));
        text.append("  a4j_reply = ").append(file).append(".close(a4j_out, ");
        text.append(instrumented ? "a4j_t.taps, a4j_l, a4j_t.order" : "annotate(List[Tensor], []), a4j_l, []");
        text.append(", a4j_layout, )\n  return ");
        text.append(
                rules == null
                        ? "a4j_reply\n"
                        : file + ".close_rules(a4j_reply, a4j_t.mode, a4j_t.memory, a4j_t.marks, )\n");
        return Parser.function(text.toString());
    }
}
