// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.archive.FloatingTypes;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.flow.DeadCode;
import io.github.attribution4j.djl.internal.flow.Writes;
import io.github.attribution4j.djl.internal.operator.InPlace;
import io.github.attribution4j.djl.internal.program.CallChains;
import io.github.attribution4j.djl.internal.program.ObjectCheck;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.program.WrittenTypes;
import io.github.attribution4j.djl.internal.repair.Dispatch;
import io.github.attribution4j.djl.internal.repair.Guards;
import io.github.attribution4j.djl.internal.repair.Hooks;
import io.github.attribution4j.djl.internal.repair.Repairs;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.state.State;
import io.github.attribution4j.djl.internal.wire.RuntimeSource;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A program from which copies are made: parsed, checked, repaired, and with its state known. Reading it takes longer
 * than making a copy, so all copies of a model share one. Whoever uses it holds its lock.
 */
public final class RepairedProgram {
    private final TorchArchive archive;
    private final Map<String, Stmt.File> original;
    private final ProgramIndex index;
    private final Repairs repairs;
    private final Guards guards;
    private final State state;
    private final boolean inPlace;
    private @Nullable Boolean narrow;
    private @Nullable Boolean quantized;

    private RepairedProgram(
            TorchArchive archive,
            Map<String, Stmt.File> original,
            ProgramIndex index,
            Repairs repairs,
            Guards guards,
            State state,
            boolean inPlace) {
        this.archive = archive;
        this.original = original;
        this.index = index;
        this.repairs = repairs;
        this.guards = guards;
        this.state = state;
        this.inPlace = inPlace;
    }

    /**
     * Reads a program.
     *
     * @param archive the archive; not changed
     * @return the program
     * @throws io.github.attribution4j.djl.internal.script.ScriptException if a file is not in the serialized language
     * @throws RewriteException if the program cannot be called
     */
    public static RepairedProgram of(TorchArchive archive) {
        if (archive.code().containsKey(RuntimeSource.PATH)) {
            throw new RewriteException(archive.name() + ": is an instrumented copy already; load the original");
        }
        ProgramIndex original = ProgramIndex.of(archive);
        ObjectCheck.check(archive, original);
        CallChains.check(archive.name(), original);
        Repairs repairs = new Repairs(archive.constants());
        Guards guards = new Guards(archive.name());
        ProgramIndex index =
                ProgramIndex.of(archive, Dispatch.apply(original, guards.guard(repairs.repair(Hooks.apply(original)))));
        boolean inPlace = InPlace.occursIn(index.files().values());
        State state = State.of(archive, index, inPlace);
        if (!state.names().isEmpty()) {
            index = ProgramIndex.of(archive, state.files());
            inPlace = InPlace.occursIn(index.files().values());
        }
        return new RepairedProgram(archive, original.files(), index, repairs, guards, state, inPlace);
    }

    /**
     * Returns this program without what a slice does not need; none if nothing can go.
     */
    public synchronized Optional<RepairedProgram> sliced(Slice slice) {
        if (!state.names().isEmpty() || repairs.takesGradients() || narrow() || quantized()) {
            return Optional.empty();
        }
        Writes writes = Writes.of(index, archive.root(), inPlace);
        return DeadCode.without(index, writes, slice.given(), slice.tapped(), slice.output())
                .map(files -> new RepairedProgram(
                        archive, original, ProgramIndex.of(archive, files), repairs, guards, state, inPlace));
    }

    TorchArchive archive() {
        return archive;
    }

    /** Returns the files of the archive, by path below {@code code/}. */
    Map<String, Stmt.File> original() {
        return original;
    }

    ProgramIndex index() {
        return index;
    }

    Repairs repairs() {
        return repairs;
    }

    Guards guards() {
        return guards;
    }

    State state() {
        return state;
    }

    /** Returns whether it may write to tensors. */
    boolean inPlace() {
        return inPlace;
    }

    /** Returns whether it holds or names 16-bit values. Found when first asked: a copy without taps never asks. */
    boolean narrow() {
        if (narrow == null) {
            narrow = FloatingTypes.narrow(archive)
                    || WrittenTypes.narrow(index.files().values());
        }
        return narrow;
    }

    /** Returns whether it may hold quantized values. */
    boolean quantized() {
        if (quantized == null) {
            quantized = archive.code().values().stream().anyMatch(text -> text.contains("quantize"));
        }
        return quantized;
    }
}
