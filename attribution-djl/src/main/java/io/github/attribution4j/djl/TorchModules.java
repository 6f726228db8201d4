/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.djl;

import ai.djl.engine.EngineException;
import io.github.attribution4j.djl.internal.archive.ArchiveException;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.rewrite.Instrumented;
import io.github.attribution4j.djl.internal.rewrite.Instrumenter;
import io.github.attribution4j.djl.internal.rewrite.Instrumenter.Level;
import io.github.attribution4j.djl.internal.rewrite.RewriteException;
import io.github.attribution4j.djl.internal.script.ScriptException;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/**
 * The native module of a model, and its replacement by one that can do more when that is first asked for: what is compiled
 * with every load is paid for by everybody. Runs that are under way finish in the old module; the new one gives the same
 * results, so that nobody sees the change.
 */
final class TorchModules implements AutoCloseable {
    /** Up to this size of the weights the archive is kept and a second load is cheap, so the first adds nothing that a forward pass does not need. */
    private static final long SMALL_BYTES = 8L << 20;

    private record Loaded(TorchModule module, Level level) {}

    private final String name;
    private final TorchRuntime runtime;
    private final DjlTensors tensors;
    private final TorchArchive archive;
    private final Instrumented first;
    private volatile Loaded loaded;
    private volatile @Nullable Instrumented values;
    private volatile @Nullable InnerPoints inner;
    private boolean closed;

    private TorchModules(
            String name,
            TorchRuntime runtime,
            DjlTensors tensors,
            TorchArchive archive,
            Instrumented first,
            Loaded loaded) {
        this.name = name;
        this.runtime = runtime;
        this.tensors = tensors;
        this.archive = archive;
        // Not the copy: its archive may hold the whole model in memory.
        this.first = first.withArchive(archive);
        this.loaded = loaded;
    }

    /**
     * Loads an archive.
     *
     * @param name what messages call it
     * @throws UnsupportedModelException if it cannot be rewritten, or libtorch refuses it
     */
    static TorchModules load(String name, TorchRuntime runtime, DjlTensors tensors, TorchArchive archive) {
        boolean small = archive.tensorBytes() <= SMALL_BYTES;
        TorchArchive source = small ? archive.inMemory() : archive;
        Instrumented program = Instrumenter.instrument(source, small ? Level.FORWARD : Level.MODULES);
        TorchModule module = load(name, runtime, tensors, program);
        return new TorchModules(name, runtime, tensors, source, program, new Loaded(module, program.level()));
    }

    private static TorchModule load(String name, TorchRuntime runtime, DjlTensors tensors, Instrumented program) {
        try {
            return TorchModule.load(runtime, tensors, program.archive()::writeTo);
        } catch (EngineException e) {
            if (Failures.isMemory(e)) {
                throw Failures.of(name + ": ", e);
            }
            throw new UnsupportedModelException(
                    name + ": libtorch refuses it (" + runtime.description() + "): " + Failures.line(e), e);
        }
    }

    /** What is known without looking into methods: signature and repairs. */
    Instrumented program() {
        return first;
    }

    /** All that is known, with modules and values inside methods; found out on the first call. */
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

    private Instrumented analysed() {
        return instrumented(Level.VALUES);
    }

    private Instrumented instrumented(Level level) {
        try {
            return Instrumenter.instrument(archive, level);
        } catch (ArchiveException | ScriptException | RewriteException e) {
            throw new UnsupportedModelException(Failures.line(e), e);
        }
    }

    TorchModule module() {
        return current().module();
    }

    private Loaded current() {
        return loaded;
    }

    /** Returns a module that can do at least this. */
    TorchModule module(Level level) {
        Loaded now = current();
        return now.level().compareTo(level) >= 0 ? now.module() : raise(level);
    }

    private synchronized TorchModule raise(Level level) {
        Loaded now = current();
        if (closed || now.level().compareTo(level) >= 0) {
            return now.module();
        }
        TorchModule module;
        Instrumented program = instrumented(level);
        try {
            module = load(name, runtime, tensors, program);
        } catch (UncheckedIOException e) {
            throw new ModelException(
                    name + ": layers need the archive once more, which is not there as it was when it was loaded; load "
                            + "the model again: " + e.getMessage(),
                    e);
        }
        loaded = new Loaded(module, program.level());
        now.module().close();
        return module;
    }

    @Override
    public synchronized void close() {
        closed = true;
        current().module().close();
    }
}
