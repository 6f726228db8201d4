// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.answer;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.question.InputFile;
import io.github.attribution4j.cli.question.TextInput;
import io.github.attribution4j.model.Inputs;
import java.util.List;
import java.util.Optional;

/**
 * An explanation with its inputs.
 *
 * @param explanation which this object owns
 * @param inputs in argument order
 * @param file the input file
 * @param text the text from which the inputs were made, if there is one
 */
public record Explained(Explanation explanation, Inputs inputs, InputFile file, Optional<TextInput> text)
        implements AutoCloseable {
    /**
     * Returns the names of the tokens of an example: those of the text, or those of an option; empty if there is
     * no text.
     *
     * @param given labels from an option, for every example
     */
    public List<String> labels(int example, List<String> given) {
        return text.map(input -> List.of(input.tokens().labels(example))).orElse(given);
    }

    @Override
    public void close() {
        explanation.close();
    }
}
