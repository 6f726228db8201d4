// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import io.github.attribution4j.view.LayerInspector;
import io.github.attribution4j.visual.AttributionTable;
import io.github.attribution4j.visual.BarChart;
import io.github.attribution4j.visual.HeatMap;
import io.github.attribution4j.visual.Picture;
import io.github.attribution4j.visual.SummaryChart;
import io.github.attribution4j.visual.SummaryReport;
import io.github.attribution4j.visual.TextTable;
import io.github.attribution4j.visual.TokenText;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.dflib.jjava.jupyter.Extension;
import org.dflib.jjava.jupyter.kernel.BaseKernel;
import org.dflib.jjava.jupyter.kernel.JupyterIO;
import org.dflib.jjava.jupyter.kernel.LanguageInfo;
import org.dflib.jjava.jupyter.kernel.ReplacementOptions;
import org.dflib.jjava.jupyter.kernel.comm.CommManager;
import org.dflib.jjava.jupyter.kernel.display.DisplayData;
import org.dflib.jjava.jupyter.kernel.display.Renderer;
import org.dflib.jjava.jupyter.kernel.display.mime.MIMEType;
import org.dflib.jjava.jupyter.kernel.magic.MagicParser;
import org.dflib.jjava.jupyter.kernel.magic.MagicTranspiler;
import org.dflib.jjava.jupyter.kernel.magic.MagicsRegistry;
import org.dflib.jjava.jupyter.kernel.util.StringStyler;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakExtension.class)
class NotebookExtensionTest {
    private static final MIMEType PNG = MIMEType.parse("image/png");
    private static final MIMEType SVG = MIMEType.parse("image/svg+xml");
    private static final MIMEType HTML = MIMEType.parse("text/html");

    private static final Model PRODUCT = Model.of(rows ->
            Arrays.stream(rows).map(row -> new double[] {row[0] * row[1]}).toArray(double[][]::new));

    private final Renderer renderer = new Renderer();

    @BeforeEach
    void register() {
        Shown.register(renderer);
    }

    private static Explanation explanation(int examples) {
        try (TensorScope scope = TensorScope.open()) {
            double[] rows = new double[2 * examples];
            Arrays.setAll(rows, i -> i + 1);
            Tensor table = Tensors.ofJava().of(rows, examples, 2);
            return new ShapleyValues()
                    .baseline(Baseline.zeros())
                    .attribute(PRODUCT, Inputs.of(table).named("age", "<income>"), Target.output());
        }
    }

    private static Explanation image() {
        ReferenceModel model = ReferenceModels.cnn(DataType.FLOAT64, 1, Activation.RELU, 1, 6);
        try (TensorScope scope = TensorScope.open()) {
            return new Saliency()
                    .attribute(
                            model, Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 1, 1, 6, 6)), Target.index(0));
        }
    }

    private static int pixels(DisplayData data) throws IOException {
        byte[] png = Base64.getDecoder().decode((String) data.getData(PNG));
        return ImageIO.read(new ByteArrayInputStream(png)).getWidth();
    }

    @Test
    @DisplayName("The kernel finds the extension as a service")
    void service() {
        assertThat(ServiceLoader.load(Extension.class))
                .filteredOn(extension -> extension.getClass().getPackageName().startsWith("io.github.attribution4j"))
                .hasSize(1)
                .hasOnlyElementsOfType(NotebookExtension.class);
    }

    @Test
    @DisplayName("Explanations, charts, pictures, views and statistics are PNG, in their size; SVG and HTML if asked")
    void pictures() throws IOException {
        ReferenceModel cnn = ReferenceModels.cnn(DataType.FLOAT64, 1, Activation.RELU, 1, 6);
        try (Explanation row = explanation(1);
                Explanation rows = explanation(5);
                Explanation map = image();
                Tensor input = ReferenceModels.normal(DataType.FLOAT64, 1, 1, 1, 6, 6);
                LayerInspector.Views views = new LayerInspector().inspect(cnn, Inputs.of(input))) {
            AttributionTable table = AttributionTable.of(rows);
            List<Object> shown = List.of(
                    row,
                    rows,
                    map,
                    BarChart.of(row, 0),
                    BarChart.of(row, 0).picture(),
                    HeatMap.of(map, 0),
                    SummaryChart.beeswarm(table),
                    TokenText.of(new String[] {"a", "b"}, new double[] {1, -1}),
                    views,
                    views.all().get(0),
                    table.statistics());
            for (Object value : shown) {
                DisplayData data = renderer.render(value);
                assertThat(pixels(data)).as("%s", value).isGreaterThan(100);
                assertThat(data.hasDataForType(SVG)).isFalse();
                assertThat(data.hasDataForType(HTML)).isFalse();
                assertThat((String) data.getData(MIMEType.TEXT_PLAIN)).isEqualTo(value.toString());
                DisplayData asked = renderer.renderAs(value, "image/svg+xml", "text/html");
                assertThat((String) asked.getData(SVG)).startsWith("<svg");
                assertThat((String) asked.getData(HTML)).startsWith("<figure").doesNotContain("<html");
                assertThat(asked.hasDataForType(PNG)).isFalse();
            }
        }
    }

    @Test
    @DisplayName("The shape of an explanation decides its picture")
    void shapes() {
        try (Explanation row = explanation(1);
                Explanation rows = explanation(5);
                Explanation map = image()) {
            assertThat(Picture.of(row).toSvg()).contains("baseline score");
            assertThat(Picture.of(rows).toSvg()).contains("attribution").contains("&lt;income&gt;");
            assertThat(Picture.of(map).toSvg()).contains("<image");
            assertThat(Picture.of(rows, 4).toSvg()).contains("age");
            assertThatThrownBy(() -> Picture.of(rows, 5)).hasMessageContaining("choose one from 0 to 4");
        }
    }

    @Test
    @DisplayName("Tables and reports are HTML; whatever features are called, it stays text")
    void tables() {
        try (Explanation rows = explanation(30)) {
            AttributionTable table = AttributionTable.of(rows);
            for (Object value : Stream.of(TextTable.of(rows, 0), table, SummaryReport.of(table))
                    .toList()) {
                DisplayData data = renderer.render(value);
                assertThat(data.hasDataForType(PNG)).isFalse();
                assertThat((String) data.getData(HTML)).contains("income").doesNotContain("<income>");
            }
            assertThat((String) renderer.render(table).getData(HTML))
                    .contains("10 more examples")
                    .doesNotContain("more feature");
            assertThat((String) renderer.render(SummaryReport.of(table)).getData(HTML))
                    .startsWith("<iframe srcdoc=\"");
        }
    }

    @Test
    @DisplayName("A closed explanation is not shown as if it were empty: the cell fails with the reason")
    void closed() {
        Explanation row = explanation(1);
        row.close();
        assertThatThrownBy(() -> renderer.render(row))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("this tensor was closed")
                .hasMessageContaining("its cell was run again");
    }

    @Test
    @DisplayName("What shows itself as the value of a cell is an explanation, not its text")
    void valueOfCell() throws Exception {
        try (TestKernel kernel = TestKernel.start()) {
            TestKernel.Output output = kernel.run("""
                import io.github.attribution4j.model.*;
                import io.github.attribution4j.shapley.*;
                import io.github.attribution4j.target.*;
                import io.github.attribution4j.tensor.*;
                Model model = Model.of(rows -> rows);
                var why = new ShapleyValues().attribute(
                        model, Inputs.of(Tensors.ofJava().of(new double[] {1, 2}, 1, 2)), Target.index(1));
                String id = display(why);
                why
                """);
            assertThat(output.displayed())
                    .hasSize(1)
                    .allSatisfy(data -> assertThat(pixels(data)).isPositive());
            assertThat(pixels(output.result().orElseThrow())).isPositive();
        }
    }

    @Test
    @DisplayName("A kernel without JShell shows pictures, and says in one line what it does not do")
    void otherKernel() {
        BaseKernel kernel = new PlainKernel();
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        PrintStream before = System.err;
        System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
        NotebookExtension extension = new NotebookExtension();
        try {
            extension.install(kernel);
        } finally {
            System.setErr(before);
        }
        assertThat(told.toString(StandardCharsets.UTF_8))
                .hasLineCount(1)
                .contains("results of cells are not closed when the cell is run again")
                .contains("close them, or use JJava");
        assertThat(kernel.getRenderer()
                        .render(BarChart.of(new String[] {"a"}, new double[] {1}))
                        .hasDataForType(PNG))
                .isTrue();
        extension.uninstall(kernel);
    }

    /** JJava's base, for another language. */
    private static final class PlainKernel extends BaseKernel {
        PlainKernel() {
            super(
                    "plain",
                    "1",
                    new LanguageInfo.Builder("None").build(),
                    List.of(),
                    null,
                    new JupyterIO(StandardCharsets.UTF_8),
                    new CommManager(),
                    new Renderer(),
                    new MagicParser("%", "%%", new MagicTranspiler()),
                    new MagicsRegistry(),
                    true,
                    new StringStyler.Builder().build());
        }

        @Override
        public Object evalRaw(String source) {
            throw new UnsupportedOperationException();
        }

        @Override
        public DisplayData inspect(String code, int at, boolean extraDetail) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ReplacementOptions complete(String code, int at) {
            throw new UnsupportedOperationException();
        }

        @Override
        public String isComplete(String code) {
            throw new UnsupportedOperationException();
        }
    }
}
