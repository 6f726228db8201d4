// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Asking too much of a model is an error of the compiler. */
class CapabilitiesTest {
    private static final String SOURCE = """
            import io.github.attribution4j.*;
            import io.github.attribution4j.baseline.*;
            import io.github.attribution4j.gradient.*;
            import io.github.attribution4j.model.*;
            import io.github.attribution4j.model.rule.*;
            import io.github.attribution4j.perturbation.*;
            import io.github.attribution4j.propagation.*;
            import io.github.attribution4j.run.*;
            import io.github.attribution4j.target.*;
            import io.github.attribution4j.text.*;

            class Snippet {
                void run(Model scorer, DifferentiableModel smooth, LayeredModel layered, RuledModel ruled,
                        RuledModel.Copy copy, RuledModel.RuledCut cut, Inputs inputs, Target target) {
                    %s
                }
            }
            """;

    private static final class Source extends SimpleJavaFileObject {
        private final String statement;

        Source(String statement) {
            super(URI.create("string:///Snippet.java"), Kind.SOURCE);
            this.statement = statement;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return SOURCE.formatted(statement);
        }
    }

    /** Returns what the compiler says of a statement. */
    private static List<String> errors(String statement) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
        String classes = Stream.of(Attribution.class, ReferenceModel.class, NullMarked.class)
                .map(CapabilitiesTest::place)
                .collect(Collectors.joining(java.io.File.pathSeparator));
        List<String> options = List.of("-proc:none", "-classpath", classes, "-d", System.getProperty("java.io.tmpdir"));
        compiler.getTask(null, null, diagnostics, options, null, List.of(new Source(statement)))
                .call();
        return diagnostics.getDiagnostics().stream()
                .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
                .map(diagnostic -> diagnostic.getMessage(Locale.ROOT))
                .toList();
    }

    private static String place(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @DisplayName("What a method needs, a model has")
    @ValueSource(
            strings = {
                "new FeatureAblation().attribute(scorer, inputs, target);",
                "new IntegratedGradients().attribute(smooth, inputs, target);",
                "new IntegratedGradients().attribute(ruled, inputs, target);",
                "new IntegratedGradients().at(\"fc\").attribute(layered, inputs, target);",
                "new Lrp().attribute(ruled, inputs, target);",
                "new Lrp().attribute(cut.tail(), inputs, target);",
                "new Lrp().at(\"fc\").attribute(ruled, inputs, target);",
                "new IntegratedGradients().attribute(cut.tail(), inputs, target);",
                "Attribution.at(\"fc\", new IntegratedGradients()).attribute(layered, inputs, target);",
                "Attribution.at(\"fc\", new FeatureAblation()).attribute(layered, inputs, target);",
                "Attribution.at(\"fc\", NoiseTunnel.smoothGrad(new DeepLift())).attribute(ruled, inputs, target);",
                "Attribution.at(\"fc\", new Conductance(\"fc2\")).attribute(layered, inputs, target);",
                "Attribution.towards(\"fc\", target, NoiseTunnel.smoothGrad(new Lrp())).attribute(ruled, inputs);",
                "NoiseTunnel.smoothGrad(new DeepLift().at(\"fc\")).attribute(ruled, inputs, target);",
                "TokenAttribution.of(new Lrp(Composites.attnLrp())).attribute(ruled, inputs, target);",
                "TokenAttribution.of(new IntegratedGradients()).attribute(layered, inputs, target);",
                "Attribution<LayeredModel> method = TokenAttribution.of(new FeatureAblation());",
                "try (BackwardRun run = copy.run(inputs)) { run.back(run.output()); }",
                "try (BackwardRun run = ruled.pullback(inputs)) { run.back(run.output()); }",
            })
    void compiles(String statement) {
        assertThat(errors(statement)).isEmpty();
    }

    @ParameterizedTest
    @DisplayName("What it has not, cannot be asked of it")
    @ValueSource(
            strings = {
                "new IntegratedGradients().attribute(copy, inputs, target);",
                "new IntegratedGradients().at(\"fc\").attribute(copy, inputs, target);",
                "new FeatureAblation().attribute(copy, inputs, target);",
                "new Lrp().attribute(copy, inputs, target);",
                "Model model = ruled.with(new Lrp().rules());",
                "try (Pullback pullback = copy.run(inputs)) { pullback.vjp(pullback.output()); }",
                "new IntegratedGradients().attribute(scorer, inputs, target);",
                "new IntegratedGradients().at(\"fc\").attribute(smooth, inputs, target);",
                "new Lrp().attribute(layered, inputs, target);",
                "Attribution.at(\"fc\", new Lrp()).attribute(layered, inputs, target);",
                "Attribution.towards(\"fc\", target, new Lrp()).attribute(layered, inputs);",
                "TokenAttribution.of(new Lrp()).attribute(layered, inputs, target);",
                "Attribution<LayeredModel> method = TokenAttribution.of(new Lrp());",
                "Attribution<DifferentiableModel> method = Attribution.at(\"fc\", new IntegratedGradients());",
            })
    void doesNotCompile(String statement) {
        assertThat(errors(statement))
                .hasSize(1)
                .allSatisfy(error -> assertThat(error)
                        .containsAnyOf(
                                "cannot be converted",
                                "cannot be applied",
                                "no suitable method",
                                "incompatible",
                                "inference variable"));
    }
}
