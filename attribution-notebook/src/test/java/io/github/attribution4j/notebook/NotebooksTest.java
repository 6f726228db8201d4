// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import org.dflib.jjava.jupyter.kernel.display.DisplayData;
import org.dflib.jjava.jupyter.kernel.display.mime.MIMEType;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs the cells of attribution-examples/notebooks, and compares them with the outputs there, which are JJava's. */
class NotebooksTest {
    private static final Path FOLDER = Path.of("").toAbsolutePath();
    private static final double TOLERANCE = 1e-5;
    private static final List<String> TYPES = List.of("image/png", "text/html", "image/svg+xml");
    private static final Pattern NUMBER = Pattern.compile("[-+]?\\d+(?:\\.\\d+)?(?:[eE][-+]?\\d+)?");

    /** One cell of code, and what is committed as its output. */
    private record Cell(String code, String printed, List<JsonObject> displayed, Optional<JsonObject> result) {}

    static List<Path> notebooks() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            List<Path> notebooks = files.filter(file -> file.toString().endsWith(".ipynb"))
                    .sorted()
                    .toList();
            assertThat(notebooks)
                    .extracting(file -> file.getFileName().toString())
                    .containsExactly("image.ipynb", "onnx.ipynb", "table.ipynb", "text.ipynb");
            return notebooks;
        }
    }

    private static List<Cell> cells(Path notebook) throws IOException {
        List<Cell> cells = new ArrayList<>();
        JsonObject root = JsonParser.parseString(Files.readString(notebook)).getAsJsonObject();
        for (JsonElement element : root.getAsJsonArray("cells")) {
            JsonObject cell = element.getAsJsonObject();
            if (!cell.get("cell_type").getAsString().equals("code")) {
                continue;
            }
            StringBuilder printed = new StringBuilder();
            List<JsonObject> displayed = new ArrayList<>();
            Optional<JsonObject> result = Optional.empty();
            for (JsonElement one : cell.getAsJsonArray("outputs")) {
                JsonObject output = one.getAsJsonObject();
                switch (output.get("output_type").getAsString()) {
                    case "stream" -> printed.append(text(output.get("text")));
                    case "display_data" -> displayed.add(output.getAsJsonObject("data"));
                    case "execute_result" -> result = Optional.of(output.getAsJsonObject("data"));
                    default -> throw new AssertionError(notebook + " has a failed cell: " + output);
                }
            }
            cells.add(new Cell(text(cell.get("source")), printed.toString(), displayed, result));
        }
        return cells;
    }

    /** A text of a notebook is a string, or a list of lines. */
    private static String text(JsonElement element) {
        return element instanceof JsonArray lines
                ? StreamSupport.stream(lines.spliterator(), false)
                        .map(JsonElement::getAsString)
                        .collect(Collectors.joining())
                : element.getAsString();
    }

    @ParameterizedTest
    @MethodSource("notebooks")
    @DisplayName("Every cell runs, prints the committed numbers to 1e-5, and shows what is committed as its output")
    void cells_run(Path notebook) throws Exception {
        long before = Lifetime.count();
        try (TestKernel kernel = TestKernel.start()) {
            for (Cell cell : cells(notebook)) {
                // Magics put jars on the class path; this JVM has them.
                String code = cell.code()
                        .lines()
                        .filter(line -> !line.startsWith("%"))
                        .collect(Collectors.joining("\n"));
                TestKernel.Output output = kernel.run(code);
                assertThat(output.displayed()).as(cell.code()).hasSameSizeAs(cell.displayed());
                for (int i = 0; i < cell.displayed().size(); i++) {
                    same(cell.displayed().get(i), output.displayed().get(i), cell.code());
                }
                sameNumbers(cell.printed(), output.printed(), cell.code());
                if (!code.isBlank()) { // that of a magic is the list of its jars
                    assertThat(output.result().isPresent())
                            .as(cell.code())
                            .isEqualTo(cell.result().isPresent());
                    cell.result().ifPresent(data -> same(data, output.result().orElseThrow(), cell.code()));
                }
            }
        }
        assertThat(Lifetime.count()).as("open after the kernel has ended").isEqualTo(before);
    }

    private static void same(JsonObject committed, DisplayData shown, String code) {
        for (String type : TYPES) {
            MIMEType mime = MIMEType.parse(type);
            assertThat(shown.hasDataForType(mime)).as("%s of%n%s", type, code).isEqualTo(committed.has(type));
        }
        boolean progress =
                committed.has("text/html") && text(committed.get("text/html")).startsWith("<progress");
        if (committed.has("image/png")) {
            // The layout is the same on every machine; pixels depend on its fonts.
            int[] size = size(text(committed.get("image/png")));
            assertThat(size((String) shown.getData(MIMEType.parse("image/png"))))
                    .as(code)
                    .containsExactly(size);
        } else if (!progress) {
            sameNumbers(text(committed.get("text/plain")), (String) shown.getData(MIMEType.TEXT_PLAIN), code);
            if (committed.has("text/html")) {
                sameNumbers(
                        text(committed.get("text/html")), (String) shown.getData(MIMEType.parse("text/html")), code);
            }
        }
    }

    private static int[] size(String base64) {
        try {
            byte[] png = Base64.getMimeDecoder().decode(base64);
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
            return new int[] {image.getWidth(), image.getHeight()};
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Compares two texts: what is no number literally, numbers with a tolerance. */
    private static void sameNumbers(String committed, String now, String code) {
        assertThat(NUMBER.matcher(now.strip()).replaceAll("#"))
                .as(code)
                .isEqualTo(NUMBER.matcher(committed.strip()).replaceAll("#"));
        Matcher expected = NUMBER.matcher(committed);
        Matcher actual = NUMBER.matcher(now);
        while (expected.find() && actual.find()) {
            double number = Double.parseDouble(expected.group());
            assertThat(Double.parseDouble(actual.group()))
                    .as(code)
                    .isCloseTo(number, within(TOLERANCE * Math.max(1, Math.abs(number))));
        }
    }

    @Test
    @DisplayName("Notebooks name the version of this build, and their outputs are there and small")
    void committed() throws IOException {
        String version = System.getProperty("project.version");
        long size = 0;
        for (Path notebook : notebooks()) {
            String json = Files.readString(notebook);
            size += json.length();
            Matcher magic = Pattern.compile("%maven io\\.github\\.attribution4j:([a-z-]+):([^\\s\"\\\\]+)")
                    .matcher(json);
            TreeSet<String> modules = new TreeSet<>();
            while (magic.find()) {
                assertThat(magic.group(2)).isEqualTo(version);
                modules.add(magic.group(1));
            }
            assertThat(modules).contains("attribution-notebook").hasSizeBetween(2, 3);
            assertThat(json).contains("\"image/png\"").doesNotContain("\"output_type\": \"error\"");
        }
        assertThat(size).isBetween(50_000L, 1_500_000L);
    }
}
