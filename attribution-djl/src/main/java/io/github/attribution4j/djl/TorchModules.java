// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.engine.EngineException;
import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.djl.internal.archive.ArchiveCopy;
import io.github.attribution4j.djl.internal.archive.ArchiveException;
import io.github.attribution4j.djl.internal.archive.StoredTensors;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.engine.Failures;
import io.github.attribution4j.djl.internal.engine.SharedParameters;
import io.github.attribution4j.djl.internal.engine.TorchModule;
import io.github.attribution4j.djl.internal.engine.TorchRuntime;
import io.github.attribution4j.djl.internal.engine.TorchTensors;
import io.github.attribution4j.djl.internal.flow.RandomDraws;
import io.github.attribution4j.djl.internal.flow.RowInfluence;
import io.github.attribution4j.djl.internal.instrument.InnerPoints;
import io.github.attribution4j.djl.internal.instrument.Instrumented;
import io.github.attribution4j.djl.internal.instrument.Instrumenter;
import io.github.attribution4j.djl.internal.instrument.RepairedProgram;
import io.github.attribution4j.djl.internal.instrument.Slice;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.script.ScriptException;
import io.github.attribution4j.djl.internal.state.StateAfter;
import io.github.attribution4j.djl.internal.wire.Level;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The native module of a model. It is replaced by one with more entries when these are first needed, so that loading
 * compiles only what a forward pass needs. Runs in progress finish in the old module; the new one gives the
 * same results.
 */
final class TorchModules implements AutoCloseable {
    /**
     * If the part of the archive that a second load reads again is at most this large, the archive is kept, and the
     * first load adds only what a forward pass needs. Parameters do not count: they are in libtorch's memory once for
     * all loads.
     */
    private static final long SMALL_BYTES = 8L << 20;

    /**
     * The text of an archive as a tree. For a large program it takes megabytes, so it is dropped when memory is short,
     * and read again.
     */
    private static final class Text {
        private final TorchArchive archive;
        private volatile SoftReference<RepairedProgram> read;

        Text(TorchArchive archive, RepairedProgram read) {
            this.archive = archive;
            this.read = new SoftReference<>(read);
        }

        RepairedProgram program() {
            RepairedProgram program = read.get();
            if (program == null) {
                program = RepairedProgram.of(archive);
                read = new SoftReference<>(program);
            }
            return program;
        }
    }

    private record Loaded(TorchModule module, Level level) {}

    private final String name;
    private final TorchRuntime runtime;
    private final TorchTensors tensors;
    private final TorchArchive archive;
    private final SharedParameters parameters;
    private final Instrumented first;
    private final Text text;
    private final boolean unbatched;
    private final BackwardRule.@Nullable Family family;
    private final Map<BackwardRule.Family, TorchModules> ruled = new EnumMap<>(BackwardRule.Family.class);
    private @Nullable TorchModules after;
    private @Nullable TorchModules learning;
    private final boolean isLearning;
    private final TorchSlices slices = new TorchSlices(this::sliced);
    private volatile @Nullable Loaded loaded;
    private volatile @Nullable Instrumented values;
    private volatile @Nullable InnerPoints inner;
    /** Why rows must be run one by one, if so; null until the text was read. */
    private volatile @Nullable List<String> oneRow;

    private volatile @Nullable List<String> random;

    private boolean closed;

    private TorchModules(
            String name,
            TorchRuntime runtime,
            TorchTensors tensors,
            TorchArchive archive,
            SharedParameters parameters,
            Instrumented first,
            Text text,
            boolean unbatched,
            BackwardRule.@Nullable Family family,
            boolean isLearning,
            @Nullable Loaded loaded) {
        this.name = name;
        this.runtime = runtime;
        this.tensors = tensors;
        this.archive = archive;
        this.parameters = parameters;
        // The instrumented copy is not kept, because its archive may have the whole model in memory.
        this.first = first.withArchive(archive);
        this.text = text;
        this.unbatched = unbatched;
        this.family = family;
        this.isLearning = isLearning;
        this.loaded = loaded;
    }

    /**
     * Loads an archive.
     *
     * @param name the name in messages
     * @param frame the archive without its large parameters; needed after loading only if the rest is large
     * @param unbatched whether the program takes one example without an axis of rows
     * @param parameters the large parameters, which may still be loading; closed with the modules
     * @throws ArchiveException if it is damaged or cannot be read
     * @throws UnsupportedModelException if it cannot be rewritten, or libtorch refuses it
     */
    static TorchModules load(
            String name,
            TorchRuntime runtime,
            TorchTensors tensors,
            TorchArchive frame,
            boolean unbatched,
            Supplier<SharedParameters> parameters) {
        boolean small = frame.tensorBytes() <= SMALL_BYTES;
        TorchArchive kept = small ? frame.inMemory() : frame;
        try (ArchiveCopy copy = ArchiveCopy.start(kept)) {
            RepairedProgram read = RepairedProgram.of(kept);
            Instrumented program =
                    Instrumenter.instrument(read, small ? Level.FORWARD : Level.MODULES, unbatched, null);
            TorchModule module = load(name, runtime, tensors, program, copy, parameters, false);
            Loaded loaded = new Loaded(module, program.level());
            return new TorchModules(
                    name,
                    runtime,
                    tensors,
                    kept,
                    parameters.get(),
                    program,
                    new Text(kept, read),
                    unbatched,
                    null,
                    false,
                    loaded);
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private static TorchModule load(
            String name,
            TorchRuntime runtime,
            TorchTensors tensors,
            Instrumented program,
            ArchiveCopy copy,
            Supplier<SharedParameters> parameters,
            boolean learning) {
        try {
            return TorchModule.load(runtime, tensors, copy.finish(program.archive()), parameters, learning);
        } catch (IOException e) {
            throw unwritable(e);
        } catch (EngineException e) {
            if (Failures.isMemory(e)) {
                throw Failures.of(name + ": ", e);
            }
            String missing = Failures.missingLibrary(e);
            throw new UnsupportedModelException(
                    name + ": "
                            + (missing.isEmpty()
                                    ? "libtorch refuses it (" + runtime.description() + "): " + Failures.line(e)
                                    : missing),
                    e);
        }
    }

    private static UncheckedIOException unwritable(IOException e) {
        return new UncheckedIOException("a temporary copy of the model cannot be written: " + e.getMessage(), e);
    }

    /** The program without the values inside methods: signature and repairs. */
    Instrumented program() {
        return first;
    }

    /**
     * Reads what modules hold: from memory, unless more than {@link #SMALL_BYTES} are in the file.
     *
     * @throws UnsupportedModelException if the file is gone, or was changed
     */
    synchronized <T> T weights(Function<StoredTensors, T> use) {
        requireOpen();
        try {
            return use.apply(StoredTensors.of(archive, parameters::bytes));
        } catch (ArchiveException e) {
            throw new UnsupportedModelException(Failures.line(e), e);
        }
    }

    /**
     * Returns the same program with other bytes for some storages; compiled at its first run.
     *
     * @param bytes by entry of the archive
     */
    synchronized TorchModules with(Map<String, byte[]> bytes) {
        requireOpen();
        Map<String, byte[]> inFrame = new HashMap<>(bytes);
        inFrame.keySet().retainAll(archive.entries());
        return new TorchModules(
                name,
                runtime,
                tensors,
                archive.withEntries(inFrame),
                parameters.with(bytes, tensors),
                first,
                text,
                unbatched,
                null,
                false,
                null);
    }

    private void requireOpen() {
        if (closed) {
            throw new TorchModule.ClosedException();
        }
    }

    /** Why rows of this program must not share a call, if its text shows it; determined on the first call. */
    Optional<String> oneRowAtATime() {
        List<String> known = oneRow;
        if (known == null) {
            known = RowInfluence.reason(archive).stream().toList();
            oneRow = known;
        }
        return known.stream().findFirst();
    }

    /** Where this program draws random numbers, if its text shows it; determined on the first call. */
    List<String> randomDraws() {
        List<String> known = random;
        if (known == null) {
            known = RandomDraws.list(archive);
            random = known;
        }
        return known;
    }

    /** The program with modules and values inside methods; determined on the first call. */
    Instrumented values() {
        Instrumented known = values;
        if (known == null) {
            known = analysed().withArchive(archive);
            values = known;
        }
        return known;
    }

    /** The places inside methods. */
    InnerPoints inner() {
        InnerPoints known = inner;
        if (known == null) {
            Instrumented all = values();
            known = new InnerPoints(all.modules(), all.values());
            inner = known;
        }
        return known;
    }

    /**
     * The native module whose operations follow backward rules of a family; compiled at its first run.
     */
    synchronized TorchModules ruled(BackwardRule.Family rules) {
        return ruled.computeIfAbsent(rules, key -> variant(key, false, null));
    }

    /** Returns another copy of the program; one that is not loaded is compiled at its first run. */
    private TorchModules variant(BackwardRule.@Nullable Family rules, boolean forLearning, @Nullable Loaded compiled) {
        TorchModules variant = new TorchModules(
                name, runtime, tensors, archive, parameters, first, text, unbatched, rules, forLearning, compiled);
        variant.closed = closed;
        return variant;
    }

    /**
     * The native module whose output is the state after a call; compiled at its first run.
     *
     * @throws UnsupportedModelException naming the part of the state that is neither a tensor nor a number
     */
    synchronized TorchModules after() {
        TorchModules known = after;
        if (known == null) {
            try {
                TorchArchive reading = StateAfter.of(archive, first.state());
                RepairedProgram read = RepairedProgram.of(reading);
                Instrumented program = Instrumenter.instrument(read, Level.FORWARD, unbatched, null);
                known = new TorchModules(
                        name,
                        runtime,
                        tensors,
                        reading,
                        parameters,
                        program,
                        new Text(reading, read),
                        unbatched,
                        null,
                        false,
                        null);
            } catch (ArchiveException | ScriptException | RewriteException e) {
                throw new UnsupportedModelException(Failures.line(e), e);
            }
            known.closed = closed;
            after = known;
        }
        return known;
    }

    /** The native module through whose parameters gradients pass; compiled at its first run. */
    synchronized TorchModules learning() {
        TorchModules known = learning;
        if (known == null) {
            known = variant(null, true, null);
            learning = known;
        }
        return known;
    }

    /** Returns the native module that computes only what a slice needs, with the same bits; none if there is none. */
    Optional<TorchModules> slice(Slice wanted) {
        return slices.of(wanted);
    }

    private Optional<TorchModules> sliced(Slice wanted) {
        // What is left out would have drawn numbers before the rest does.
        Optional<RepairedProgram> part =
                randomDraws().isEmpty() ? text.program().sliced(wanted) : Optional.empty();
        if (part.isEmpty()) {
            return Optional.empty();
        }
        try (ArchiveCopy copy = ArchiveCopy.start(archive)) {
            Instrumented program = Instrumenter.instrument(part.get(), unbatched, wanted);
            TorchModule module = load(name, runtime, tensors, program, copy, () -> parameters, false);
            return Optional.of(variant(null, false, new Loaded(module, program.level())));
        } catch (IOException
                | UncheckedIOException
                | ModelException
                | ArchiveException
                | ScriptException
                | RewriteException e) {
            // The file may be gone by now; the whole program is in memory.
            return Optional.empty();
        }
    }

    private Instrumented analysed() {
        return instrumented(Level.VALUES);
    }

    private Instrumented instrumented(Level level) {
        try {
            return Instrumenter.instrument(text.program(), level, unbatched, family);
        } catch (ArchiveException | ScriptException | RewriteException e) {
            throw new UnsupportedModelException(Failures.line(e), e);
        }
    }

    TorchModule module() {
        return module(Level.FORWARD);
    }

    /** Returns a module with at least this level. */
    TorchModule module(Level level) {
        Loaded now = loaded;
        return now != null && now.level().compareTo(level) >= 0 ? now.module() : raise(level);
    }

    /**
     * Calls a method of a module with at least this level.
     *
     * @return handles that the caller closes
     */
    List<PtNDArray> call(Level level, String method, List<PtNDArray> handles, boolean gradients) {
        return detached(gradients, call(level, module -> module.call(method, handles, grad(gradients))));
    }

    /** Calls a method of a module with at least this level; a vector of numbers comes before the other arguments. */
    List<PtNDArray> call(Level level, String method, long[] control, List<PtNDArray> others, boolean gradients) {
        return detached(gradients, call(level, module -> module.call(method, control, others, grad(gradients))));
    }

    /** A program that takes gradients itself always needs grad mode. */
    private boolean grad(boolean wanted) {
        return wanted || first.takesGradients();
    }

    /** Returns results without their graph, unless it is wanted. */
    private List<PtNDArray> detached(boolean wanted, List<PtNDArray> results) {
        if (wanted || !first.takesGradients()) {
            return results;
        }
        List<PtNDArray> plain = new ArrayList<>();
        for (PtNDArray result : results) {
            plain.add(runtime.operations().alias(result));
            result.close();
        }
        return plain;
    }

    private List<PtNDArray> call(Level level, Function<TorchModule, List<PtNDArray>> call) {
        while (true) {
            TorchModule module = module(level);
            try {
                return call.apply(module);
            } catch (TorchModule.ClosedException e) {
                // Another thread may have replaced this module by one with a higher level.
                if (module() == module) {
                    throw e;
                }
            }
        }
    }

    private synchronized TorchModule raise(Level level) {
        Loaded now = loaded;
        if (now != null && (closed || now.level().compareTo(level) >= 0)) {
            return now.module();
        }
        requireOpen();
        TorchModule module;
        Instrumented program;
        try (ArchiveCopy copy = ArchiveCopy.start(archive)) {
            program = instrumented(level);
            module = load(name, runtime, tensors, program, copy, () -> parameters, isLearning);
        } catch (IOException | UncheckedIOException e) {
            throw new ModelException(
                    name + ": layers need the archive once more, which is not there as it was when it was loaded; load "
                            + "the model again: " + e.getMessage(),
                    e);
        }
        loaded = new Loaded(module, program.level());
        if (now != null) {
            now.module().close();
        }
        return module;
    }

    @Override
    public synchronized void close() {
        closed = true;
        Loaded now = loaded;
        if (now != null) {
            now.module().close();
        }
        ruled.values().forEach(TorchModules::close);
        if (after != null) {
            after.close();
        }
        if (learning != null) {
            learning.close();
        }
        slices.close();
        if (family == null) {
            parameters.close();
        }
    }
}
