// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.model.program.ModelFormat;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.status.Experimental;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Lets the command line open SameDiff files: {@code --engine nd4j}. */
@Experimental
public final class SameDiffFormat implements ModelFormat {
    /** For {@link java.util.ServiceLoader}. */
    public SameDiffFormat() {}

    @Override
    public String engine() {
        return "nd4j";
    }

    @Override
    public RuledModel load(Path file, @Nullable String output) {
        return output == null ? SameDiffModel.load(file) : SameDiffModel.load(file, output);
    }
}
