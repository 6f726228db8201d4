// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.localization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.metric.Given;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.metric.localization.Localization.Counted;
import io.github.attribution4j.metric.localization.Region.Box;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Metrics of place, against loops over positions, and where the answer is known. */
@ExtendWith(LeakExtension.class)
class LocalizationTest {
    private static final double CLOSE = 1e-12;
    private static final int SIZE = 6;

    private TensorScope scope;
    private Model model;
    private Inputs images;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
        model = ReferenceModels.cnn(DataType.FLOAT64, 5, Activation.TANH, 2, SIZE);
        images = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 3, 2, SIZE, SIZE));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private double[] scores(Metric metric, Tensor attribution) {
        return judge(metric, attribution).scores();
    }

    private Judgement judge(Metric metric, Tensor attribution) {
        return metric.judge(model, images, Target.index(0), new Given(attribution), Run.defaults());
    }

    private static Tensor random(long seed) {
        return ReferenceModels.normal(DataType.FLOAT64, seed, 3, 2, SIZE, SIZE);
    }

    private static Tensor masks(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] mask = new double[3 * SIZE * SIZE];
        Arrays.setAll(mask, i -> random.nextInt(3) == 0 ? 1 : 0);
        return Tensors.ofJava().of(mask, 3, 1, SIZE, SIZE);
    }

    /** Returns the sums over channels, pixel by pixel. */
    private static double[] pixels(Tensor attribution, int example, boolean absolute) {
        double[] all = attribution.toDoubleArray();
        int plane = SIZE * SIZE;
        double[] pixels = new double[plane];
        for (int p = 0; p < plane; p++) {
            double sum = all[2 * example * plane + p] + all[(2 * example + 1) * plane + p];
            pixels[p] = absolute ? Math.abs(sum) : sum;
        }
        return pixels;
    }

    @Test
    void scores_are_those_of_loops_over_pixels() {
        Tensor attribution = random(31);
        Tensor mask = masks(4);
        double[] flags = mask.toDoubleArray();
        Region region = Region.of(mask);
        for (Counted counted : Counted.values()) {
            double[] pointing = scores(Localization.pointingGame(region).counted(counted), attribution);
            double[] share = scores(Localization.attributionLocalization(region).counted(counted), attribution);
            double[] weighted = scores(
                    Localization.attributionLocalization(region)
                            .counted(counted)
                            .weighted(true),
                    attribution);
            double[] top = scores(Localization.topIntersection(region, 5).counted(counted), attribution);
            double[] rank = scores(Localization.relevanceRank(region).counted(counted), attribution);
            double[] mass = scores(Localization.relevanceMass(region).counted(counted), attribution);
            double[] auc = scores(Localization.auc(region).counted(counted), attribution);
            double[] focus = scores(Localization.focus(region).counted(counted), attribution);
            for (int example = 0; example < 3; example++) {
                double[] pixels = pixels(attribution, example, counted == Counted.ABSOLUTE);
                int plane = SIZE * SIZE;
                List<Integer> order = new ArrayList<>();
                double all = 0;
                double inside = 0;
                int size = 0;
                for (int p = 0; p < plane; p++) {
                    order.add(p);
                    all += Math.max(0, pixels[p]);
                    if (flags[example * plane + p] == 1) {
                        inside += Math.max(0, pixels[p]);
                        size++;
                    }
                }
                order.sort((a, b) -> Double.compare(pixels[b], pixels[a]));
                int first = example * plane;
                assertThat(pointing[example]).isEqualTo(flags[first + order.get(0)]);
                assertThat(share[example]).isEqualTo(inside / all, within(CLOSE));
                assertThat(weighted[example]).isEqualTo(inside / all * plane / size, within(CLOSE));
                assertThat(mass[example]).isEqualTo(inside / all, within(CLOSE));
                assertThat(focus[example]).isEqualTo(inside / all, within(CLOSE));
                for (int k : new int[] {5, size}) {
                    double hits = 0;
                    for (int place = 0; place < k; place++) {
                        hits += flags[first + order.get(place)];
                    }
                    assertThat((k == 5 ? top : rank)[example]).isEqualTo(hits / k, within(CLOSE));
                }
                double larger = 0;
                for (int p = 0; p < plane; p++) {
                    for (int q = 0; q < plane; q++) {
                        if (flags[first + p] == 1 && flags[first + q] == 0) {
                            larger += pixels[p] > pixels[q] ? 1 : pixels[p] == pixels[q] ? 0.5 : 0;
                        }
                    }
                }
                assertThat(auc[example]).isEqualTo(larger / size / (plane - size), within(CLOSE));
            }
        }
    }

    private static List<Localization> all(Region region) {
        return List.of(
                Localization.pointingGame(region),
                Localization.attributionLocalization(region),
                Localization.topIntersection(region, 4),
                Localization.relevanceRank(region),
                Localization.relevanceMass(region),
                Localization.auc(region),
                Localization.focus(region));
    }

    @Test
    void the_region_itself_gets_1_and_its_opposite_0_whatever_the_scale() {
        Tensor mask = masks(9);
        Tensor right = mask.broadcast(Shape.of(3, 2, SIZE, SIZE));
        Tensor wrong = right.mul(-1).add(1);
        for (Localization metric : all(Region.of(mask))) {
            assertThat(scores(metric, right)).as(metric.name()).containsExactly(new double[] {1, 1, 1}, within(CLOSE));
            assertThat(scores(metric, wrong)).as(metric.name()).containsExactly(new double[] {0, 0, 0}, within(CLOSE));
            Tensor attribution = random(3);
            assertThat(scores(metric, attribution.mul(1e-3)))
                    .containsExactly(scores(metric, attribution), within(CLOSE));
        }
    }

    @Test
    void equal_attributions_get_what_chance_gives() {
        Tensor mask = masks(9);
        Tensor ones = Tensors.ofJava().full(Shape.of(3, 2, SIZE, SIZE), DataType.FLOAT64, 1);
        double[] flags = mask.toDoubleArray();
        for (Localization metric : all(Region.of(mask))) {
            double[] scores = scores(metric, ones);
            for (int example = 0; example < 3; example++) {
                double share = Arrays.stream(flags, example * SIZE * SIZE, (example + 1) * SIZE * SIZE)
                        .average()
                        .orElseThrow();
                assertThat(scores[example])
                        .as(metric.name())
                        .isEqualTo(metric.name().endsWith("auc") ? 0.5 : share, within(CLOSE));
            }
        }
    }

    @Test
    void nothing_that_counts_gives_0_and_a_notice() {
        Tensor below = Tensors.ofJava().full(Shape.of(3, 2, SIZE, SIZE), DataType.FLOAT64, -1);
        Judgement judged = judge(Localization.focus(Region.of(masks(9))), below);
        assertThat(judged.scores()).containsExactly(0, 0, 0);
        assertThat(judged.notices()).anyMatch(notice -> notice.startsWith("attributions: none counts"));
    }

    @Test
    void boxes_are_masks_and_belong_to_their_examples() {
        double[] mask = new double[3 * SIZE * SIZE];
        List<List<Box>> boxes = List.of(
                List.of(new Box(0, 0, 2, 3)),
                List.of(new Box(1, 1, 3, 3), new Box(2, 2, 6, 6)),
                List.of(new Box(5, 0, 6, 6)));
        for (int example = 0; example < 3; example++) {
            for (Box box : boxes.get(example)) {
                for (int y = box.top(); y < box.bottom(); y++) {
                    for (int x = box.left(); x < box.right(); x++) {
                        mask[(example * SIZE + y) * SIZE + x] = 1;
                    }
                }
            }
        }
        Tensor attribution = random(8);
        Region drawn = Region.boxes(boxes);
        Region masked = Region.of(Tensors.ofJava().of(mask, 3, 1, SIZE, SIZE));
        for (int i = 0; i < 7; i++) {
            double[] scores = scores(all(drawn).get(i), attribution);
            assertThat(scores).containsExactly(scores(all(masked).get(i), attribution));
            // Rows of selected inputs keep their own region.
            Judgement turned = all(drawn)
                    .get(i)
                    .judge(
                            model,
                            images.select(2, 0),
                            Target.index(0),
                            new Given(attribution.select(0, 2, 0)),
                            Run.defaults());
            assertThat(turned.scores()).containsExactly(scores[2], scores[0]);
        }
    }

    @Test
    void a_coarse_attribution_is_judged_at_the_pixels() {
        Tensor coarse = ReferenceModels.normal(DataType.FLOAT64, 3, 3, 1, SIZE, SIZE);
        Region region = Region.of(masks(2));
        Tensor spread = coarse.broadcast(Shape.of(3, 2, SIZE, SIZE)).mul(0.5);
        for (Localization metric : all(region)) {
            assertThat(scores(metric, coarse)).containsExactly(scores(metric, spread), within(CLOSE));
        }
    }

    @Test
    void regions_that_do_not_fit_are_refused() {
        Tensor attribution = random(8);
        Tensors tensors = Tensors.ofJava();
        assertThatThrownBy(() -> scores(
                        Localization.auc(Region.of(tensors.zeros(Shape.of(1, 1, SIZE, SIZE), DataType.FLOAT64))),
                        attribution))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("region: holds nothing for example 0; leave the example out");
        assertThatThrownBy(() -> scores(
                        Localization.auc(Region.of(tensors.zeros(Shape.of(1, 1, SIZE, 5), DataType.FLOAT64))),
                        attribution))
                .hasMessageContaining("has shape (1, 1, 6, 5), and the input (3, 2, 6, 6)");
        assertThatThrownBy(() -> scores(
                        Localization.auc(Region.of(tensors.zeros(Shape.of(2, 1, SIZE, SIZE), DataType.FLOAT64))),
                        attribution))
                .hasMessageContaining("axis 0 must be 1 or the number of examples, 3");
        assertThatThrownBy(() -> scores(
                        Localization.auc(Region.of(tensors.full(Shape.of(1, 1, 1, 1), DataType.FLOAT64, 0.5))),
                        attribution))
                .hasMessageContaining("holds 0.5 for example 0; give 1 inside and 0 outside");
        assertThatThrownBy(() -> scores(Localization.auc(Region.boxes(new Box(0, 0, 7, 2))), attribution))
                .hasMessageContaining("region: box 0,0,7,2 reaches beyond the image of 6 × 6 pixels");
        assertThatThrownBy(() -> scores(
                        Localization.auc(Region.boxes(List.of(List.of(new Box(0, 0, 1, 1)), List.of()))), attribution))
                .hasMessageContaining("region: boxes for 2 examples, and there are 3");
        assertThatThrownBy(() -> new Box(2, 0, 2, 3)).hasMessageContaining("holds no pixel");
        assertThatThrownBy(() ->
                        Localization.descriptions().get(0).defaults().method().settings())
                .hasMessageContaining("setting 'region' is needed");
    }

    @Test
    void names_differ() {
        assertThat(Localization.descriptions().stream().map(Description::name))
                .hasSize(7)
                .doesNotHaveDuplicates();
        assertThat(Localization.pointingGame(Region.boxes(new Box(0, 0, 1, 2))))
                .hasToString("pointing-game {region=boxes:0,0,1,2, counted=positive}");
    }

    private static String read(String text, Sources sources) {
        return String.valueOf(Localization.descriptions()
                .get(0)
                .read(Map.of("region", text), sources)
                .method()
                .settings()
                .get("region"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "boxes:2,0,6,8|boxes:2,0,6,8",
                " boxes: 2, 0, 6, 8 |boxes:2,0,6,8",
                "boxes:0,0,1,1+2,2,3,3|boxes:0,0,1,1+2,2,3,3",
                "boxes:0,0,1,1+2,2,3,3;4,4,5,6|boxes:0,0,1,1+2,2,3,3;4,4,5,6",
                "boxes:0,0,1,1;|boxes:0,0,1,1;"
            })
    void boxes_are_read_as_they_are_said(String text, String said) {
        assertThat(read(text, Sources.none())).isEqualTo(said);
        assertThat(read(said, Sources.none())).isEqualTo(said);
    }

    @Test
    void boxes_are_read_from_rows_of_a_file() {
        Tensor each = Tensors.ofJava().of(new double[] {0, 0, 1, 1, 2, 2, 3, 3}, 2, 4);
        assertThat(read("boxes:b.csv", file -> List.of(each))).isEqualTo("boxes:0,0,1,1;2,2,3,3");
        Tensor numbered = Tensors.ofJava().of(new double[] {1, 0, 0, 1, 1, 0, 2, 2, 3, 3, 1, 4, 4, 5, 6}, 3, 5);
        assertThat(read("boxes:b.csv", file -> List.of(numbered))).isEqualTo("boxes:2,2,3,3;0,0,1,1+4,4,5,6");
    }

    @Test
    void masks_are_read_from_a_file_and_said_by_their_digest() {
        Tensor mask = masks(4);
        String said = read("mask.npy", file -> List.of(mask));
        assertThat(said).isEqualTo(Region.of(mask).toString()).matches("\\(3, 1, 6, 6\\) sha256:[0-9a-f]{16}");
        assertThat(read(said, digest -> digest.equals(said) ? List.of(mask) : List.of()))
                .isEqualTo(said);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "boxes:1,2,3|a box is four whole numbers, such as boxes:2,0,6,8: left, top, right, bottom; here are 3",
                "boxes:1,2,3,4,5|here are 5",
                "boxes:4,0,4,1|box 4,0 to 4,1: holds no pixel",
                "boxes:-1,0,4,1|have whole numbers from 0; here is -1",
                "boxes:half.npy|have whole numbers from 0; here is 0.5",
                "boxes:wide.npy|the file holds [(1, 6)]",
                "boxes:gap.npy|the file has a box for example 2, and 1 boxes in all",
                "nowhere.npy|setting region=nowhere.npy"
            })
    void texts_that_are_no_region_are_refused(String text, String message) {
        Map<String, Tensor> files = Map.of(
                "half.npy", Tensors.ofJava().of(new double[] {0, 0.5, 1, 1}, 1, 4),
                "wide.npy", Tensors.ofJava().of(new double[6], 1, 6),
                "gap.npy", Tensors.ofJava().of(new double[] {2, 0, 0, 1, 1}, 1, 5));
        Sources sources = file -> {
            Tensor found = files.get(file);
            if (found == null) {
                throw new NoSuchFileException(file);
            }
            return List.of(found);
        };
        assertThatThrownBy(() -> read(text, sources)).hasMessageContaining(message);
    }

    @Test
    void a_mask_without_leading_axes_is_of_all_examples_and_channels() {
        Tensor attribution = random(8);
        Tensor mask = masks(4).rows(0, 1);
        for (Localization metric : all(Region.of(mask))) {
            assertThat(scores(metric.region(Region.of(mask.reshape(SIZE, SIZE))), attribution))
                    .containsExactly(scores(metric, attribution));
        }
    }

    /** A mask may be as large as the data set; an example reads its own row, and the digest is made once. */
    @Test
    void examples_read_their_own_rows_of_a_mask() {
        Tensor wrong =
                Tensors.ofJava().concat(List.of(masks(4), masks(4).rows(0, 1).mul(7)), 0);
        Inputs four = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 4, 2, SIZE, SIZE));
        Localization metric = Localization.auc(Region.of(wrong));
        Tensor attribution = random(8);
        Judgement judged =
                metric.judge(model, four.select(0, 1, 2), Target.index(0), new Given(attribution), Run.defaults());
        assertThat(judged.scores()).containsExactly(scores(metric.region(Region.of(masks(4))), attribution));
        assertThatThrownBy(() -> metric.judge(
                        model, four.select(3), Target.index(0), new Given(attribution.rows(0, 1)), Run.defaults()))
                .hasMessageContaining("holds 7 for example 0; give 1 inside and 0 outside");
    }
}
