// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.status.Experimental;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/**
 * Opens the files of an engine that a program may have on its class path or not, as {@link ServiceLoader} finds it. A
 * binding names its implementation in {@code META-INF/services}; the command line then takes its files.
 */
@Experimental
public interface ModelFormat {
    /** Returns the name of the engine in lower case, such as {@code nd4j}: what {@code --engine} takes. */
    String engine();

    /**
     * Loads a model.
     *
     * @param output the name of the value to explain; null for the only output
     * @throws UnsupportedModelException if this is no such file, is damaged, or has no such output
     */
    RuledModel load(Path file, @Nullable String output);

    /** Returns the format of an engine, if it is on the class path. */
    static Optional<ModelFormat> of(String engine) {
        return ServiceLoader.load(ModelFormat.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(format -> format.engine().equals(engine))
                .findFirst();
    }
}
