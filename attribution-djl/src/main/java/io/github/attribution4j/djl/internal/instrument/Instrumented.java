// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.program.OperationInfo;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.program.ValueInfo;
import io.github.attribution4j.djl.internal.wire.Level;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The instrumented copy of a program, and what is known of it.
 *
 * @param archive the copy, ready to be written and loaded
 * @param signature how the model is called
 * @param modules all modules in pre-order, so that the position is the index
 * @param values the values inside methods, at level VALUES only
 * @param operations the operators inside methods, at level VALUES only, in the order in which the text runs
 * @param losses the operations that lose gradients, at level VALUES only, in the words of {@code GradientLosses}
 * @param places the number of places inside methods
 * @param repairs what was replaced so that libtorch 2.7.1 can load the program, one line each
 * @param state the attributes that the program changes, as paths; every call starts from the archive's values
 * @param takesGradients whether the program computes gradients itself; then it always runs with grad mode on
 * @param inPlace whether the program may write to tensors
 * @param plain whether it takes tensors, writes to none of them, and returns one; then calls need neither control nor
 *     header
 * @param level what was added
 */
public record Instrumented(
        TorchArchive archive,
        Signature signature,
        List<ModuleInfo> modules,
        List<ValueInfo> values,
        List<OperationInfo> operations,
        List<String> losses,
        int places,
        List<String> repairs,
        List<String> state,
        boolean takesGradients,
        boolean inPlace,
        boolean plain,
        Level level) {
    public Instrumented {
        modules = List.copyOf(modules);
        values = List.copyOf(values);
        operations = List.copyOf(operations);
        losses = List.copyOf(losses);
        repairs = List.copyOf(repairs);
        state = List.copyOf(state);
    }

    /** The name of the method that runs the untouched program. */
    public static final String FORWARD = "a4j_forward";

    /** The name of a plain program's method {@code [inputs...] -> [output]}, without gradients. */
    public static final String PLAIN = "a4j_plain";

    /** The name of a plain program's method {@code [input] -> [output, leaf]}, for the gradient of its only input. */
    public static final String LEAF = "a4j_leaf";

    /** The name of the method that runs the instrumented program. */
    public static final String RUN = "a4j_run";

    /**
     * Returns the same facts with another archive.
     *
     * @param other the archive
     * @return the record
     */
    public Instrumented withArchive(TorchArchive other) {
        return new Instrumented(
                other,
                signature,
                modules,
                values,
                operations,
                losses,
                places,
                repairs,
                state,
                takesGradients,
                inPlace,
                plain,
                level);
    }

    /**
     * Returns a module.
     *
     * @param path its dotted path; empty for the root
     * @return the module, or null if none has this path
     */
    public @Nullable ModuleInfo module(String path) {
        for (ModuleInfo module : modules) {
            if (module.path().equals(path)) {
                return module;
            }
        }
        return null;
    }
}
