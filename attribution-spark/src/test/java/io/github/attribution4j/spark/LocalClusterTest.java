// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.testkit.internal.fuzz.ChildJvm;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.spark.deploy.SparkSubmit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two executors in JVMs of their own, to which the program, the model's file and the rows really have to travel. */
class LocalClusterTest {
    private static final Path MODEL = Path.of("..", "golden", "onnx", "golden", "mlp_softmax.script.onnx");

    @Test
    void executorsGiveTheBitsOfOneProcess(@TempDir Path home) throws IOException, InterruptedException {
        Path jars = Files.createDirectories(home.resolve("jars"));
        List<String> folders = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry).toAbsolutePath();
            if (Files.isDirectory(path)) {
                folders.add(path.toString());
            } else if (Files.exists(path)) {
                Files.createSymbolicLink(jars.resolve(folders.size() + "-" + path.getFileName()), path);
            }
        }
        Path output = home.resolve("output.txt");
        ProcessBuilder builder = ChildJvm.of(
                        List.of("-Xmx600m"),
                        SparkSubmit.class,
                        "--master",
                        "local-cluster[2,1,512]",
                        "--conf",
                        "spark.executor.memory=512m",
                        "--conf",
                        "spark.ui.enabled=false",
                        "--conf",
                        "spark.executor.extraClassPath=" + String.join(File.pathSeparator, folders),
                        "--class",
                        ClusterProgram.class.getName(),
                        "spark-internal",
                        MODEL.toAbsolutePath().toString())
                .redirectOutput(output.toFile());
        builder.environment().put("SPARK_HOME", home.toString());
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().put("SPARK_SCALA_VERSION", "2.13");
        Process process = builder.start();
        try {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(output, StandardCharsets.UTF_8))
                .contains("hash " + ClusterProgram.hash(LocalSpark.SESSION, MODEL.toString())
                        + " of local-cluster[2,1,512]");
    }
}
