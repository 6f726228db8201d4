// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.state;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.flow.Writes;
import io.github.attribution4j.djl.internal.program.EntryMethod;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Makes a program return its state after a call, in place of its output. A caller passes that state to
 * {@link StartState} for the next call, as for a stream that is explained piece by piece.
 */
public final class StateAfter {
    private static final String METHOD = "a4j_state_after";
    private static final String RESULT = "a4j_after";

    private StateAfter() {}

    /**
     * Returns a copy of an archive whose {@code forward} returns a dict with the state after a call, by the attributes'
     * paths. Numbers and truth values are tensors of one element; an Optional that is None has no entry.
     *
     * @param archive not changed
     * @param names the state of the program
     * @throws RewriteException if the value of an attribute cannot be handed in again; it names the first such
     */
    public static TorchArchive of(TorchArchive archive, List<String> names) {
        ProgramIndex index = ProgramIndex.of(archive);
        Stmt.Def forward = index.root().definition().method("forward");
        if (forward == null) {
            Signature.of(index);
            return archive;
        }
        String self = forward.parameters().get(0).name();
        StringBuilder text = new StringBuilder("def f() -> Dict[str, Tensor]:\n");
        text.append("  ").append(RESULT).append(" = annotate(Dict[str, Tensor], {})\n");
        for (int i = 0; i < names.size(); i++) {
            read(archive, index, names.get(i), self, RESULT + i, text);
        }
        text.append("  return ").append(RESULT).append('\n');
        List<Stmt> body = new ArrayList<>(forward.body());
        body.removeIf(Stmt.Return.class::isInstance);
        Stmt.Def reading = Parser.function(text.toString());
        body.addAll(reading.body());
        Stmt.Def added = new Stmt.Def(METHOD, forward.parameters(), reading.result(), body);
        TorchArchive both =
                archive.withCode(Map.of(StartState.file(index), Printer.print(StartState.replaced(index, added))));
        return EntryMethod.of(both, METHOD);
    }

    private static void read(
            TorchArchive archive, ProgramIndex index, String path, String self, String variable, StringBuilder text) {
        StartState.Stored stored = StartState.Stored.of(archive, index, path);
        Type type = stored.type();
        String declared = path.startsWith(Writes.Place.CONSTANTS) ? "constant" : String.valueOf(type);
        String attribute =
                path.startsWith(Writes.Place.CONSTANTS) ? path : StartState.open(path, self, variable + "_", text);
        String key = "\"" + path + "\"";
        switch (declared) {
            case "Tensor" -> put(text, "  ", variable, key, "torch.clone(" + attribute + ")");
            case "int" -> put(text, "  ", variable, key, "torch.tensor(" + attribute + ", dtype=4)");
            case "float" -> put(text, "  ", variable, key, "torch.tensor(" + attribute + ", dtype=7)");
            case "bool" -> put(text, "  ", variable, key, "torch.tensor(" + attribute + ", dtype=11)");
            case "Optional[Tensor]" -> {
                String value = variable + "_value";
                text.append("  ").append(value).append(" = ").append(attribute).append('\n');
                text.append("  if torch.__isnot__(").append(value).append(", None):\n");
                String there = "torch.clone(unchecked_cast(Tensor, " + value + "))";
                put(text, "    ", variable, key, there);
                text.append("  else:\n");
                // The archive holds a value here, and an absent entry could not replace it by None.
                boolean holds = stored.value() instanceof PickleValue.TensorRef;
                text.append(
                        holds
                                ? "    ops.prim.RaiseException(\"state '" + path
                                        + "' is None after this call, and a tensor in the file, which cannot be "
                                        + "handed in\")\n"
                                : "    pass\n");
            }
            default ->
                throw new RewriteException(archive.name() + ": state '" + path + "' is "
                        + (declared.equals("constant") ? "a constant of the program" : "of type " + declared)
                        + "; only tensors, numbers and truth values can be read and handed in again");
        }
    }

    private static void put(StringBuilder text, String indent, String variable, String key, String value) {
        text.append(indent).append(variable).append("_0 = ").append(value).append('\n');
        text.append(indent)
                .append(variable)
                .append("_1 = torch._set_item(")
                .append(RESULT)
                .append(", ")
                .append(key)
                .append(", ")
                .append(variable)
                .append("_0)\n");
    }
}
