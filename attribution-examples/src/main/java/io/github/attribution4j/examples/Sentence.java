// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cli.DemoFiles;
import io.github.attribution4j.djl.HuggingFaceTokens;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.text.TokenAttribution;
import io.github.attribution4j.text.Tokens;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** What each word of a sentence adds to the score of a topic. */
public final class Sentence {
    private static final String[] TOPICS = {"charts", "graphs", "neural networks", "statistics"};

    private Sentence() {}

    /** Prints the topic, the words and what they add. */
    public static void main(String[] args) throws IOException {
        String sentence = args.length > 0 ? args[0] : "Draw the edges of the graph as lines on the axes.";
        try (InputStream file = DemoFiles.open("tokenizer.json");
                HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(file, Map.of());
                InputStream archive = DemoFiles.open("topics.pt");
                TorchScriptModel model = TorchScriptModel.load(archive);
                TensorScope scope = TensorScope.open()) {
            Tokens tokens = HuggingFaceTokens.encode(tokenizer, sentence);
            Inputs inputs = tokens.inputs(model.tensors(), model.parameterNames());
            long mask = HuggingFaceTokens.id(tokenizer, "[MASK]").orElseThrow();
            Baseline.Token masked = Baseline.token(mask).keeping(tokens.specialIds());
            Attribution<LayeredModel> method =
                    TokenAttribution.of(new IntegratedGradients().baseline(masked.throughHead()));

            try (Explanation why = method.attribute(model, inputs, Target.argmax())) {
                int topic = Integer.parseInt(why.provenance().target().replaceAll("\\D+", ""));
                System.out.println("about " + TOPICS[topic]);
                String[] labels = tokens.labels(0);
                float[] values = why.attribution().toFloatArray();
                for (int i = 0; i < labels.length; i++) {
                    System.out.printf("%-8s %+.2f%n", labels[i], values[i]);
                }
                System.out.printf(
                        "from %.2f with every word masked to %.2f%n",
                        why.baselineScores().orElseThrow()[0], why.scores()[0]);
            }
        }
    }
}
