// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.hpp"

#include <gtest/gtest.h>

#include "expect_input_error.hpp"
#include "scratch.hpp"
#include "tiny.hpp"

namespace flexor {
namespace {

const Schedule kSchedule{.epochs = 3, .batch = 16};

Trainable residual(std::uint64_t seed) { return Trainable(test::tiny_residual_spec(), nested_code(8), Method::Nearest, seed); }

void expect_equal(const Trainable& a, const Trainable& b) {
  for (const auto& item : a->named_parameters()) EXPECT_TRUE(torch::equal(item.value(), b->named_parameters()[item.key()])) << item.key();
  for (const auto& item : a->named_buffers()) EXPECT_TRUE(torch::equal(item.value(), b->named_buffers()[item.key()])) << item.key();
}

TEST(Checkpoint, ARunGoesOnBitForBit) {
  torch::set_num_threads(1);
  const test::Scratch scratch;
  const Dataset train = test::stripes(320, 1);
  const Dataset unseen = test::stripes(50, 2);
  Schedule schedule = kSchedule;
  schedule.augmentation = Augmentation{.crop = 1, .flip = true};
  Trainable whole = residual(1);
  RunState state = begin_run(whole, train, schedule);
  CheckpointNotes notes{.plan = "plan #1", .log = "a,b\n"};
  train_loop(whole, train, unseen, schedule, state,
             {[&](const EpochResult& r, const RunState& now) {
                notes.test_accuracy = r.test_accuracy;
                save_checkpoint(whole, now, notes, scratch / std::to_string(r.epoch));
              },
              {}});
  for (const char* epoch : {"1", "2"}) {
    Trainable resumed = residual(2);
    RunState from = begin_run(resumed, train, schedule);
    CheckpointNotes found{.plan = "plan #1", .log = ""};
    load_checkpoint(resumed, from, found, scratch / epoch);
    EXPECT_EQ(std::to_string(from.epoch), epoch);
    EXPECT_EQ(found.log, "a,b\n");
    train_loop(resumed, train, unseen, schedule, from, {});
    expect_equal(whole, resumed);
    EXPECT_EQ(from.optimiser.steps(), state.optimiser.steps());
  }
}

TEST(Checkpoint, MissingBrokenOrForeignIsRefused) {
  const test::Scratch scratch;
  const Dataset train = test::stripes(320, 1);
  Trainable model = residual(1);
  RunState state = begin_run(model, train, kSchedule);
  CheckpointNotes notes{.plan = "flexor train --seed 1 #2", .log = ""};
  const auto load = [&](const char* name) { load_checkpoint(model, state, notes, scratch / name); };
  test::expect_input_error([&] { load("none.pt"); }, "cannot be read");
  save_checkpoint(model, state, notes, scratch / "run.pt");
  EXPECT_EQ(scratch.files(), 1U);
  auto bytes = test::read_bytes(scratch / "run.pt");
  bytes.resize(bytes.size() / 2);
  test::write_bytes(scratch / "short.pt", bytes);
  test::expect_input_error([&] { load("short.pt"); }, "cannot be read");
  notes.plan = "flexor train --seed 2 #2";
  test::expect_input_error([&] { load("run.pt"); }, "run.pt' is of another run (flexor train --seed 1)");
  notes.plan = "flexor train --seed 1 #2";
  RunState fewer = begin_run(model, test::stripes(160, 1), kSchedule);
  test::expect_input_error([&] { load_checkpoint(model, fewer, notes, scratch / "run.pt"); }, "was trained on 320 images, not 160");
  Trainable foreign(test::tiny_spec(), nested_code(8), Method::Nearest, 1);
  RunState other = begin_run(foreign, train, kSchedule);
  test::expect_input_error([&] { load_checkpoint(foreign, other, notes, scratch / "run.pt"); }, "is of network tiny-residual, not tiny");
  Trainable rate(test::tiny_residual_spec(), nested_code(8), Method::Eq6, 1);
  RunState eq6 = begin_run(rate, train, kSchedule);
  test::expect_input_error([&] { load_checkpoint(rate, eq6, notes, scratch / "run.pt"); }, "does not fit the network and rate");
  test::expect_input_error([&] { save_checkpoint(model, state, notes, scratch / "no/such/folder/run.pt"); }, "run.pt");
}

TEST(Checkpoint, RealWeightsAreReadWithoutTheRun) {
  const test::Scratch scratch;
  const Dataset train = test::stripes(320, 1);
  const auto made = [](Method method, std::uint64_t seed) {
    return Trainable(test::tiny_residual_spec(), identity_code(20), method, seed);
  };
  const auto save = [&](Trainable model, const char* name) {
    save_checkpoint(model, begin_run(model, train, kSchedule), {}, scratch / name);
  };
  const Trainable real = made(Method::Real, 1);
  save(real, "real.pt");
  Trainable read = made(Method::Real, 2);
  load_real_weights(read, scratch / "real.pt");
  expect_equal(real, read);
  save(made(Method::Nearest, 1), "nearest.pt");
  test::expect_input_error([&] { load_real_weights(read, scratch / "nearest.pt"); }, "nearest.pt' is not of a run with real weights");
  test::expect_input_error([&] { load_real_weights(read, scratch / "none.pt"); }, "none.pt' cannot be read");
  Trainable other(test::tiny_spec(), identity_code(20), Method::Real, 1);
  test::expect_input_error([&] { load_real_weights(other, scratch / "real.pt"); }, "is of network tiny-residual, not tiny");
}

// A run may begin with what another one left if only the layers are the same.
TEST(Checkpoint, AStartIsOfTheSameLayers) {
  const test::Scratch scratch;
  const Dataset train = test::stripes(320, 1);
  const auto save = [&](const NetworkSpec& spec, Method method, const char* name) {
    Trainable model(spec, identity_code(20), method, 1);
    save_checkpoint(model, begin_run(model, train, kSchedule), {}, scratch / name);
    return model;
  };
  NetworkSpec coarse = test::tiny_residual_spec();
  coarse.name = "tiny-coarse";
  for (LayerSpec& layer : coarse.layers) layer.activation_bits = layer.logits ? layer.activation_bits : 4;
  Trainable read(coarse, identity_code(20), Method::Real, 2);
  for (const Method method : {Method::Real, Method::Nearest}) {
    const Trainable from = save(test::tiny_residual_spec(), method, "start.pt");
    load_start(read, scratch / "start.pt");
    expect_equal(from, read);
  }
  const auto refused = [&](const NetworkSpec& spec, Method method, const std::string& part) {
    save(spec, method, "refused.pt");
    test::expect_input_error([&] { load_start(read, scratch / "refused.pt"); }, part);
  };
  refused(coarse, Method::Eq6, "refused.pt' is of a run that trained stored bits; give one of a run with --method real or nearest");
  refused(test::tiny_spec(), Method::Real, "refused.pt' cannot be read or has other layers than network tiny-coarse");
  coarse.layers[1].channels = 5;  // the same names
  coarse.layers[1].shortcut.reset();
  coarse.layers[2].shortcut.reset();
  refused(coarse, Method::Real, "has other layers than network tiny-coarse; give one of a run with the same layers");
}

}  // namespace
}  // namespace flexor
