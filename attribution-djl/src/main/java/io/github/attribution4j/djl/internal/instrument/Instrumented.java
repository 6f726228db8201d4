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
 * The instrumented copy of a program.
 *
 * @param archive the copy, ready to be written and loaded
 * @param signature how the model is called
 * @param modules all modules in pre-order, so that the position is the index
 * @param values the values inside methods, at level VALUES only
 * @param operations the operators inside methods, likewise, in the order in which the text runs
 * @param losses where gradients are lost, likewise, as {@code GradientLosses} words them
 * @param places how many places there are inside methods
 * @param repairs what had to be replaced for libtorch 2.7.1 to load the program, one line each
 * @param state what the program changes, as paths of attributes; every call starts from what the archive holds
 * @param takesGradients whether the program takes gradients itself, so that it runs with grad mode on, whatever is asked of it
 * @param inPlace whether the program may write to tensors
 * @param plain whether it takes tensors, none of which it writes to, and returns one: then it can be asked without control and header
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

    /** Name of the method that runs the untouched program. */
    public static final String FORWARD = "a4j_forward";

    /** Name of the method {@code [inputs...] -> [output]} that a plain program has, without gradients. */
    public static final String PLAIN = "a4j_plain";

    /** Name of the method {@code [input] -> [output, leaf]} that a plain program of one input has, for its gradient. */
    public static final String LEAF = "a4j_leaf";

    /** Name of the method that runs the instrumented program. */
    public static final String RUN = "a4j_run";

    /**
     * The same knowledge with another archive.
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
     * Finds a module.
     *
     * @param path its dotted path; empty for the root
     * @return the module, or null if there is none of this path
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
