// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RemediesTest {
    private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\\n]|\\\\.)*)\"");
    private static final Pattern PARTED = Pattern.compile("\"\\s*\\+\\s*\"");
    /** A short expression between two literals. */
    private static final Pattern VALUE = Pattern.compile("\"\\s*\\+\\s*[\\w.()]+\\s*\\+\\s*\"");
    /** A call, or a class whose Java methods are settings. */
    private static final Pattern JAVA =
            Pattern.compile("\\b[a-z][A-Za-z]+\\((?:(?:[a-z]+, )*[a-z]*\\.\\.\\.|true|false|\\d+|[a-z]+|)\\)"
                    + "|\\b(?:LoadOptions|OnnxOptions|Inputs|FeatureNames|FeatureMask|Baseline|Target|Merge|Methods|Run"
                    + "|TokenAttribution|Attribution|RuledModel|RuleSet)\\.");

    private static final Pattern TORCH = Pattern.compile("TorchScript|LoadOptions|libtorch|torch\\.jit");
    /**
     * Sources whose messages are for callers of tensors and engines, or are text of programs that are written, or
     * belong to what no command asks for.
     */
    private static final Pattern OF_CALLERS = Pattern.compile(".*/(?:(?:tensor|influence|robust)/.*"
            + "|internal/.*/(?:Instrumenter|RuntimeSource|.*Source|.*Copies|StartState)"
            + "|(?:Djl|Torch)Tensors?|DjlArchives|DjlModel|TorchPullback|RuleSet|AsyncCall"
            + "|FunctionPullback)\\.java");

    /** What core and the ONNX binding say is also said of models that are no TorchScript archives. */
    @Test
    void noMessageOfOtherEnginesSpeaksOfTorchScript() throws IOException {
        List<String> left = new ArrayList<>();
        for (String module : List.of("attribution-core", "attribution-onnx")) {
            try (Stream<Path> files = Files.walk(Cli.repository(module + "/src/main/java"))) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    Matcher literals = LITERAL.matcher(Files.readString(file)
                            .replaceAll("(?s)/\\*.*?\\*/", "")
                            .replaceAll("//[^\n]*", ""));
                    while (literals.find()) {
                        String literal = literals.group(1);
                        // What a file is that was taken for an ONNX model.
                        if (!literal.startsWith("a zip file, ")
                                && literal.contains(" ")
                                && Stream.of(literal, Remedies.translate(literal))
                                        .anyMatch(text -> TORCH.matcher(text).find())) {
                            left.add(file.getFileName() + ": " + literal);
                        }
                    }
                }
            }
        }
        assertThat(left).isEmpty();
    }

    /** Every message of the library that the command line can print gives the remedy as an option. */
    @Test
    void noMessageNamesAJavaCall() throws IOException {
        List<String> left = new ArrayList<>();
        int translated = 0;
        for (String module : List.of("attribution-core", "attribution-djl", "attribution-onnx")) {
            try (Stream<Path> files = Files.walk(Cli.repository(module + "/src/main/java"))) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    if (OF_CALLERS.matcher(file.toString().replace('\\', '/')).matches()) {
                        continue;
                    }
                    String code = Files.readString(file)
                            .replaceAll("(?s)/\\*.*?\\*/", "")
                            .replaceAll("//[^\n]*", "");
                    Matcher literals = LITERAL.matcher(
                            VALUE.matcher(PARTED.matcher(code).replaceAll("")).replaceAll("0"));
                    while (literals.find()) {
                        String literal = literals.group(1).replace("model.float()", "a float32 model");
                        if (literal.contains(" ") && JAVA.matcher(literal).find()) {
                            translated++;
                            if (JAVA.matcher(Remedies.translate(literal)).find()) {
                                left.add(file.getFileName() + ": " + literal + " -> " + Remedies.translate(literal));
                            }
                        }
                    }
                }
            }
        }
        assertThat(left).isEmpty();
        assertThat(translated).isGreaterThan(20);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pass a scalar as constant(...)|give a scalar with --constant FILE",
                "or pass it with fixed(...)|or hold it fixed with --fixed FILE, or with --attribute naming the others",
                "set relative(false)|set --set relative=false",
                "even number, or antithetic(false)|even number, or --set antithetic=false",
                "for instance Target.index(c), Target.at(...) or Target.argmax()|for instance --target 0, --target-at"
                        + " 0,0 or --target argmax",
                "the probability itself is Target.index(3)|the probability itself is --target 3",
                "choose one when loading: LoadOptions.defaults().output(\"logits\")|choose one with --output logits",
                "no call (of any kind) here|no call (of any kind) here"
            })
    void remediesAreOptions(String java, String option) {
        assertThat(Remedies.translate(java)).isEqualTo(option);
    }
}
