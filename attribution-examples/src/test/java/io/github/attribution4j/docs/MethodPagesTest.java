// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Baseline;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.Target;
import io.github.attribution4j.cam.AblationCam;
import io.github.attribution4j.cam.EigenCam;
import io.github.attribution4j.cam.FullGrad;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.cam.ScoreCam;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.GradientXActivation;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.InternalInfluence;
import io.github.attribution4j.gradient.LayerActivation;
import io.github.attribution4j.gradient.LayerGradientShap;
import io.github.attribution4j.gradient.NeuronConductance;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.KernelShap;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.perturbation.ShapleySampling;
import io.github.attribution4j.perturbation.ShapleyValues;
import io.github.attribution4j.propagation.Deconvolution;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.DeepLiftShap;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method has a page, with the same parts, and the table of its settings says what the method says. */
class MethodPagesTest {
    private static final Path PAGES = Demo.REPOSITORY.resolve("docs/methods");
    private static final List<String> PARTS =
            List.of("## When to use it", "## Settings", "## Cost", "## Reading the result", "## Captum");
    /** Name, default and meaning; a default in code is one to compare. */
    private static final Pattern ROW = Pattern.compile("^\\| `([^`]+)` \\| (.*?) \\| .*");

    static List<Attribution<?>> methods() {
        return List.of(
                new Saliency(),
                new InputXGradient(),
                new IntegratedGradients(),
                new GradientShap(Baseline.zeros()),
                new FeatureAblation(),
                new FeaturePermutation(),
                new Occlusion(1),
                new ShapleyValues(),
                new ShapleySampling(),
                new KernelShap(),
                new LayerActivation("conv"),
                new GradientXActivation("conv"),
                new InternalInfluence("conv"),
                new Conductance("conv"),
                new NeuronConductance("conv", Target.index(0)),
                new LayerGradientShap(Baseline.zeros(), "conv"),
                new GradCam("conv"),
                GradCam.plusPlus("conv"),
                GradCam.xGrad("conv"),
                GradCam.hiRes("conv"),
                GradCam.layerCam("conv"),
                GradCam.elementwise("conv"),
                new EigenCam("conv"),
                EigenCam.ofGradients("conv"),
                new ScoreCam("conv"),
                new AblationCam("conv"),
                new FullGrad(),
                new DeepLift(),
                new DeepLiftShap(Baseline.zeros()),
                new Lrp(),
                new GuidedBackprop(),
                new Deconvolution(),
                new GuidedGradCam("conv"),
                NoiseTunnel.smoothGrad(new Saliency()));
    }

    private static String page(Attribution<?> method) {
        return method.name().equals("smooth-grad") ? "noise-tunnel.md" : method.name() + ".md";
    }

    @ParameterizedTest
    @MethodSource("methods")
    void thePageSaysWhatTheMethodSays(Attribution<?> method) throws IOException {
        List<String> lines = Page.read(PAGES.resolve(page(method))).lines();
        assertThat(lines).containsSubsequence(PARTS);
        Map<String, Object> settings = method.settings();
        List<String> listed = new ArrayList<>();
        for (String line : lines.subList(lines.indexOf("## Settings"), lines.indexOf("## Cost"))) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                listed.add(row.group(1));
                if (row.group(2).startsWith("`")) {
                    assertThat(row.group(2)).as(row.group(1)).isEqualTo("`" + settings.get(row.group(1)) + "`");
                }
            }
        }
        List<String> own = settings.keySet().stream()
                .filter(name -> !name.startsWith("method."))
                .toList();
        assertThat(listed).containsExactlyElementsOf(own);
    }

    @Test
    void thereAreNoOtherPages() throws IOException {
        try (Stream<Path> files = Files.list(PAGES)) {
            assertThat(files.map(file -> String.valueOf(file.getFileName())))
                    .containsExactlyInAnyOrderElementsOf(
                            methods().stream().map(MethodPagesTest::page).toList());
        }
    }
}
