// SPDX-License-Identifier: Apache-2.0
// Bad input through the real program: exit code 2, exactly one sentence on standard error, nothing overwritten, nothing left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "networks.hpp"
#include "program.hpp"
#include "scratch.hpp"

namespace flexor::test {
namespace {

struct BadCase {
  const char* name;
  const char* line;  ///< shell line; $FLEXOR is the program, m.flexor a small model; the files old.* must stay
  const char* says;  ///< part of the sentence
};

void PrintTo(const BadCase& c, std::ostream* out) { *out << c.line; }

constexpr const char* kOld = "old content";

class BadInput : public testing::TestWithParam<BadCase> {
 protected:
  // Good and bad files that the lines of the table use.
  void SetUp() override {
    write_small_model(scratch_ / "m.flexor");
    const auto good = read_bytes(scratch_ / "m.flexor");
    auto damaged = good;
    damaged[good.size() / 2] ^= 0x10;
    write_bytes(scratch_ / "damaged.flexor", damaged);
    write_bytes(scratch_ / "short.flexor", {good.begin(), good.begin() + 200});
    write_bytes(scratch_ / "stub.flexor", {good.begin(), good.begin() + 10});
    write_bytes(scratch_ / "empty.flexor", {});
    write_bytes(scratch_ / "text.flexor", {'h', 'e', 'l', 'l', 'o', '\n'});
    for (const char* name : {"old.json", "old.img", "old.flexor", "old.fst"}) {
      write_bytes(scratch_ / name, {kOld, kOld + std::string(kOld).size()});
    }
    write_newer_model();
    write_large_model();
    write_color_model();
    std::filesystem::create_directory(scratch_ / "emptydata");
    std::filesystem::create_directory(scratch_ / "shortdata");
    write_bytes(scratch_ / "shortdata/t10k-images-idx3-ubyte", {0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 28, 0, 0, 0, 28, 1, 2, 3});
    write_bytes(scratch_ / "shortdata/t10k-labels-idx1-ubyte", {0, 0, 8, 1, 0, 0, 0, 9, 1, 2});
    std::filesystem::create_directory(scratch_ / "magicdata");
    write_bytes(scratch_ / "magicdata/t10k-images-idx3-ubyte", {9, 9, 9, 9, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28});
    write_bytes(scratch_ / "magicdata/t10k-labels-idx1-ubyte", {0, 0, 8, 1, 0, 0, 0, 1, 1});
    write_endless_model(scratch_ / "endless.flexor");
    std::filesystem::create_directory(scratch_ / "zipdata");
    write_bytes(scratch_ / "zipdata/t10k-images-idx3-ubyte.gz", {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4, 5});
    write_bytes(scratch_ / "zipdata/t10k-labels-idx1-ubyte.gz", {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4, 5});
  }

  // The schema number of the head raised, its checksum mended.
  void write_newer_model() {
    auto bytes = read_bytes(scratch_ / "m.flexor");
    bytes[4] = 99;
    std::uint32_t crc = ~0U;
    for (std::size_t i = 0; i < 28; ++i) {
      crc ^= bytes[i];
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
    }
    for (std::size_t i = 0; i < 4; ++i) bytes[28 + i] = static_cast<std::uint8_t>(~crc >> (8 * i));
    write_bytes(scratch_ / "newer.flexor", bytes);
  }

  void write_large_model() {
    Random random(2);
    const LayerSpec conv{LayerKind::Convolution, 40, 5, 1, 0, false, false, 0, 8};
    const LayerSpec narrow{LayerKind::Convolution, 2, 1, 1, 0, false, true, 0, 8};
    const LayerSpec dense{LayerKind::Dense, 10, 1, 1, 0, false, false, 0, 8};
    save_network(random_network(random, {28, 28, 1}, {nested_code(8)}, {conv, narrow, dense}), scratch_ / "large.flexor");
  }

  void write_color_model() {
    Random random(3);
    const LayerSpec dense{LayerKind::Dense, 10, 1, 1, 0, false, false, 0, 8};
    save_network(random_network(random, {8, 8, 3}, {nested_code(8)}, {dense}), scratch_ / "color.flexor");
  }

  Scratch scratch_;
};

TEST_P(BadInput, IsRefusedInOneSentence) {
  const std::size_t files = scratch_.files();
  const Outcome outcome = run_shell(scratch_.folder(), GetParam().line);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.out << outcome.err;
  EXPECT_EQ(lines(outcome.err), 1) << outcome.err;
  EXPECT_THAT(outcome.err, testing::StartsWith("flexor: "));
  EXPECT_THAT(outcome.err, testing::HasSubstr(GetParam().says));
  for (const char* name : {"old.json", "old.img", "old.flexor", "old.fst"}) {
    const auto bytes = read_bytes(scratch_ / name);
    EXPECT_EQ(std::string(bytes.begin(), bytes.end()), kOld) << name << " was overwritten";
  }
  EXPECT_EQ(scratch_.files(), files) << "a file was left behind";
}

// Shell text: sends `name` to the last background program once it has a handler (bit `mask` of SigCgt), and takes its exit code. Until
// exec the process is a shell, which has a handler of its own.
#define SIGNAL_WHEN_CAUGHT(name, mask)                                              \
  "& p=$!; until [ \"$(readlink /proc/$p/exe)\" = \"$(readlink -f $FLEXOR)\" ] && " \
  "[ $((0x$(sed -n 's/^SigCgt:[[:space:]]*//p' /proc/$p/status) & " mask            \
  ")) -ne 0 ]; do sleep 0.05; done; "                                               \
  "kill -" name " $p; wait $p"

constexpr BadCase kCases[] = {
    {"no_command", "$FLEXOR", "no command"},
    {"unknown_command", "$FLEXOR fly", "fly"},
    {"unknown_flag", "$FLEXOR inspect m.flexor --colour", "--colour"},
    {"no_model", "$FLEXOR inspect", "model"},
    {"two_models", "$FLEXOR inspect m.flexor m.flexor", "m.flexor"},
    {"missing_model", "$FLEXOR inspect none.flexor --json old.json", "none.flexor"},
    {"folder_as_model", "$FLEXOR inspect emptydata", "folder"},
    {"empty_model", "$FLEXOR compare empty.flexor --json old.json", "empty"},
    {"stub_model", "$FLEXOR eval stub.flexor --json old.json", "stub.flexor"},
    {"short_model", "$FLEXOR sim short.flexor --json old.json", "short.flexor"},
    {"damaged_model", "$FLEXOR compile damaged.flexor --out old.img", "damaged"},
    {"wrong_magic", "$FLEXOR compile text.flexor --out old.img", "not a model file"},
    {"export_without_file", "$FLEXOR export m.flexor", "--out"},
    {"export_of_nothing", "$FLEXOR export none.flexor --out none.onnx", "none.flexor"},
    {"export_to_no_folder", "$FLEXOR export m.flexor --out nowhere/m.onnx", "nowhere"},
    {"newer_schema", "$FLEXOR inspect newer.flexor --json old.json", "newer"},
    {"network_larger_than_memories", "$FLEXOR compile large.flexor --config tiny --out old.img", "activation memory"},
    {"unknown_configuration", "$FLEXOR compile m.flexor --config huge --out old.img", "huge"},
    {"unknown_configuration_compare", "$FLEXOR compare m.flexor --config Base --json old.json", "Base"},
    {"simulator_not_built_compare", "$FLEXOR compare m.flexor --config medium --json old.json", "-DFLEXOR_SIMULATORS=medium"},
    {"simulator_not_built_sim", "$FLEXOR sim m.flexor --config large --json old.json", "-DFLEXOR_SIMULATORS=large"},
    {"batch_does_not_fit", "$FLEXOR compile m.flexor --config small --batch 900 --out old.img", "batch"},
    {"zero_batch", "$FLEXOR compile m.flexor --batch 0 --out old.img", "--batch"},
    {"zero_images", "$FLEXOR compare m.flexor --images 0 --json old.json", "--images"},
    {"negative_images", "$FLEXOR eval m.flexor --images -3 --json old.json", "--images"},
    {"images_not_a_number", "$FLEXOR eval m.flexor --images many --json old.json", "many"},
    {"too_many_images", "$FLEXOR compare m.flexor --images 101 --json old.json", "101"},
    {"zero_threads", "$FLEXOR eval m.flexor --threads 0", "--threads"},
    {"stall_above_one", "$FLEXOR sim m.flexor --stall 1.5", "--stall"},
    {"stall_not_a_number", "$FLEXOR sim m.flexor --stall nan --json old.json", "--stall: Value nan not in range 0 to 0.95"},
    {"endless_learning_rate", "$FLEXOR train --learning-rate inf --data emptydata --out old.flexor", "Value inf not in range"},
    {"negative_seed", "$FLEXOR sim m.flexor --seed -5 --json old.json", "--seed: Value -5 not in range 0 to"},
    {"number_with_more", "$FLEXOR eval m.flexor --images 3x --json old.json", "Value 3x not in range"},
    {"long_latency", "$FLEXOR sim m.flexor --latency 66000 --json old.json", "--latency: Value 66000 not in range 1 to 30000"},
    {"wave_window_past_the_end", "$FLEXOR sim m.flexor --config small --images 1 --wave old.fst --from-cycle 99999999 --json old.json",
     "--from-cycle 99999999 lies behind the end of every job"},
    {"compile_onto_its_model",
     "cp m.flexor same.flexor; $FLEXOR compile same.flexor --out same.flexor; e=$?; cmp m.flexor same.flexor && rm same.flexor; exit $e",
     "same.flexor' is read by this command and would be overwritten"},
    {"inspect_onto_a_link", "ln -s m.flexor l; $FLEXOR inspect m.flexor --json l; e=$?; rm l; exit $e", "l' is read by this command"},
    {"export_onto_its_model", "$FLEXOR export old.flexor --out ./old.flexor", "is read by this command"},
    {"sim_onto_its_model", "$FLEXOR sim old.flexor --wave old.flexor", "is read by this command"},
    {"one_file_for_two", "$FLEXOR sim m.flexor --wave old.fst --json old.fst", "old.fst' would be written twice"},
    {"classify_no_picture", "$FLEXOR classify m.flexor text.flexor --json old.json", "text.flexor' is no JPEG file"},
    {"classify_nothing", "$FLEXOR classify m.flexor --json old.json", "pictures"},
    {"check_no_data", "$FLEXOR check-data flowers --data emptydata --json old.json", "there is no data set 'flowers'"},
    {"missing_data", "$FLEXOR eval m.flexor --data nowhere --json old.json", "nowhere"},
    {"empty_data", "$FLEXOR eval m.flexor --data emptydata --json old.json", "emptydata"},
    {"short_data", "$FLEXOR eval m.flexor --data shortdata --json old.json", "shortdata"},
    {"wrong_data_magic", "$FLEXOR eval m.flexor --data magicdata --json old.json", "magicdata"},
    {"corrupt_compressed_data", "$FLEXOR eval m.flexor --data zipdata --json old.json", "zipdata"},
    {"data_of_another_shape", "$FLEXOR compare color.flexor --json old.json", "28x28x1"},
    {"corruption_unknown", "$FLEXOR compare m.flexor --corrupt everything --json old.json", "everything"},
    {"corruption_of_no_layer", "$FLEXOR compare m.flexor --corrupt bias:7 --json old.json", "layer 7"},
    {"no_out", "$FLEXOR compile m.flexor", "--out"},
    {"out_in_no_folder", "$FLEXOR compile m.flexor --out nowhere/x.img", "nowhere/x.img"},
    {"out_is_a_folder", "$FLEXOR compile m.flexor --out emptydata", "emptydata"},
    {"full_disk", "$FLEXOR compile m.flexor --out /dev/full", "No space left"},
    {"full_disk_json", "$FLEXOR inspect m.flexor --json /dev/full", "No space left"},
    {"file_size_limit", "ulimit -f 1; $FLEXOR compile m.flexor --out old.img", "old.img"},
    {"full_standard_output", "$FLEXOR inspect m.flexor > /dev/full", "standard output"},
    {"wave_in_no_folder", "$FLEXOR sim m.flexor --config small --images 1 --wave nowhere/x.fst", "nowhere/x.fst"},
    {"wave_to_a_device", "$FLEXOR sim m.flexor --config small --images 1 --wave /dev/full", "/dev/full"},
    {"wave_window_without_file", "$FLEXOR sim m.flexor --from-cycle 3", "--wave"},
    {"wave_window_backwards", "$FLEXOR sim m.flexor --wave old.fst --from-cycle 9 --to-cycle 3", "--to-cycle"},
    {"report_of_nothing", "$FLEXOR report --inputs none.json --out old.json", "none.json"},
    {"report_of_no_json", "$FLEXOR report --inputs text.flexor --out old.json", "text.flexor"},
    {"synth_unknown_target", "$FLEXOR synth --targets z80 --json old.json", "z80"},
    {"train_without_data", "env -u FLEXOR_DATA $FLEXOR train --out old.flexor", "--data"},
    {"train_unknown_network", "$FLEXOR train --network alexnet --data emptydata --out old.flexor", ""},
    {"train_wrong_rank", "RANK=2 WORLD_SIZE=2 $FLEXOR train --data emptydata --out old.flexor", ""},
    {"sweep_of_nothing", "$FLEXOR sweep none.json --data emptydata --out old.json", ""},
    {"sweep_of_no_json", "$FLEXOR sweep text.flexor --data emptydata --out old.json", ""},
    // The signal comes as soon as the program catches it, long before the end of its work.
    {"terminated_compare", "$FLEXOR compare endless.flexor --config nano --batch 1 --json old.json " SIGNAL_WHEN_CAUGHT("INT", "0x2"),
     "interrupted"},
    {"terminated_sim",
     "$FLEXOR sim endless.flexor --config nano --batch 1 --images 100 --json old.json --wave old.fst --to-cycle 99 " SIGNAL_WHEN_CAUGHT(
         "TERM", "0x4000"),
     "interrupted"},
};

INSTANTIATE_TEST_SUITE_P(Cli, BadInput, testing::ValuesIn(kCases), [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace flexor::test
