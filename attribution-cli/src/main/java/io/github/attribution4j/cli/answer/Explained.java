// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.answer;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.question.InputFile;
import io.github.attribution4j.cli.question.TextInput;
import io.github.attribution4j.model.Inputs;
import java.util.List;
import java.util.Optional;

/**
 * An explanation with what it is of.
 *
 * @param explanation owned
 * @param inputs in argument order
 * @param file the input file
 * @param text what the inputs were made of, if it was a text
 */
public record Explained(Explanation explanation, Inputs inputs, InputFile file, Optional<TextInput> text)
        implements AutoCloseable {
    /**
     * Returns what the tokens of an example are called: those of the text, or those given; empty if it is no text.
     *
     * @param given labels given by hand, for every example
     */
    public List<String> labels(int example, List<String> given) {
        return text.map(input -> List.of(input.tokens().labels(example))).orElse(given);
    }

    @Override
    public void close() {
        explanation.close();
    }
}
