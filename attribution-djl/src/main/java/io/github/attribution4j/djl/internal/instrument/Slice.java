// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.flow.DeadCode;
import io.github.attribution4j.djl.internal.program.CallSite.ModuleRef;
import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.Structure;
import io.github.attribution4j.djl.internal.wire.Row;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The part of a program that a head or a tail needs. A head ends at the tapped modules; a tail begins where the results
 * of modules are given. In a copy made for a slice, the latter are not called, what neither reaches is
 * {@linkplain DeadCode left out}, and the tape sees only these modules and those around them.
 *
 * @param given the modules whose results are given, by their pre-order index
 * @param tapped the other modules whose values are asked for
 * @param output whether the output is asked for
 */
public record Slice(Set<Integer> given, Set<Integer> tapped, boolean output) {
    public Slice {
        given = Set.copyOf(given);
        tapped = Set.copyOf(tapped);
    }

    /**
     * Returns the slice for some rows; none if the given ones do not all name modules that run once and return a
     * tensor, if a tapped one is inside a method, or if rows of a value are not on axis 0, which takes another copy.
     *
     * @param given rows whose values are given
     * @param tapped rows whose values are asked for
     * @param output whether the output is asked for
     * @param modules all modules, in pre-order
     */
    public static Optional<Slice> of(List<Row> given, List<Row> tapped, boolean output, List<ModuleInfo> modules) {
        boolean fits = !(given.isEmpty() && output)
                && Stream.concat(given.stream(), tapped.stream()).allMatch(row -> row.view() == Row.AS_IS)
                && given.stream().allMatch(row -> row.side() == Row.RESULT && runsOnce(modules.get(row.module())))
                && tapped.stream().allMatch(row -> row.side() == Row.RESULT);
        return fits ? Optional.of(new Slice(modules(given), modules(tapped), output)) : Optional.empty();
    }

    /** Returns whether a module is called at one place, at most once in a run, and returns a tensor. */
    public static boolean runsOnce(ModuleInfo module) {
        List<ModuleInfo.Call> calls = module.calls();
        return calls.size() == 1
                && calls.get(0).sites() == 1
                && !calls.get(0).repeated()
                && !calls.get(0).passesThrough()
                && calls.get(0).result() instanceof Structure.Tensor;
    }

    private static Set<Integer> modules(List<Row> rows) {
        return rows.stream().map(Row::module).collect(Collectors.toSet());
    }

    /** Returns the modules that a copy for this slice shows: given and tapped ones, and all around them. */
    Set<Integer> shown(ProgramIndex index) {
        return index.around(Stream.concat(given.stream(), tapped.stream()).collect(Collectors.toSet()));
    }

    /** Returns whether a module is not called, because its result is given. */
    boolean leavesOut(ModuleRef module) {
        return module.base().isEmpty() && given.contains(module.offset());
    }
}
