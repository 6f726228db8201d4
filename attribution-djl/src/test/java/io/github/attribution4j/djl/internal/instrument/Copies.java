// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.wire.Level;
import io.github.attribution4j.model.rule.BackwardRule;

/** Instrumented copies of archives, for tests. */
public final class Copies {
    private Copies() {}

    public static Instrumented of(TorchArchive archive) {
        return of(archive, Level.MODULES);
    }

    public static Instrumented of(TorchArchive archive, Level level) {
        return Instrumenter.instrument(RepairedProgram.of(archive), level, false, null);
    }

    public static Instrumented ruled(TorchArchive archive, Level level, BackwardRule.Family family) {
        return Instrumenter.instrument(RepairedProgram.of(archive), level, false, family);
    }
}
