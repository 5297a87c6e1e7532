// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "compiler/cycle_model.hpp"
#include "engine_parameters.hpp"
#include "network/network.hpp"

namespace flexor {

/// A transfer of a network in strips (docs/decisions/0218-strips.md), in the order of the list, behind those of control and code memory.
struct Move {
  enum class What : std::uint8_t { Weights, Load, Store };
  What what = What::Weights;
  int layer = 0;             ///< of the network whose weights come
  int tensor = 0;            ///< that is loaded or stored in part: 0 the input, l + 1 the output of layer l
  std::uint32_t offset = 0;  ///< of its part in external memory, bytes; a multiple of AxiBytes
  std::uint32_t chip = 0;    ///< byte address in activation memory
  std::uint32_t bytes = 0;
  int after = 0;     ///< layers of the engine that must have ended before
  int progress = 0;  ///< of the job when it has ended
};

/// Words for one memory region of the engine (docs/architecture.md, "Bus"), from word address 0.
struct MemoryImage {
  std::string configuration;
  int batch = 1;                       ///< images of one job
  std::vector<std::uint32_t> control;  ///< descriptors (32 words a layer), then channel parameters
  std::vector<std::uint32_t> code;     ///< columns of every M', 20 bits each
  std::vector<std::uint64_t> weight;   ///< bit-planar tiles, D bits a word
  std::uint32_t descriptor = 0;        ///< control word address of the first descriptor
  Shape input;                         ///< input tensor as laid out (row-stacked if the first layer is)
  std::uint32_t input_address = 0;     ///< byte address of image 0 (linear, not a pair)
  std::uint32_t output_address = 0;    ///< byte address of the logits of image 0; int16, little endian
  int classes = 0;
  int following_after = -1;  ///< layers that must have ended before the next job's inputs may come into their place; -1: never
  /// A layer of the engine: what driver, comparison and reports need to know of it beside its descriptor.
  struct LayerPlan {
    std::string name;
    std::uint32_t input_address = 0, output_address = 0;  ///< linear bytes
    std::int64_t macs = 0;                                ///< of the whole batch, every binary digit counts
    double ideal_cycles = 0;                              ///< macs / (K * M)
    std::int64_t tiles = 0, weight_words = 0;
    int layer = 0;                  ///< of the network; several layers of the engine may be strips or channels of one
    std::int64_t first_pixel = 0;   ///< of the layer's output pixels
    int first_channel = 0;          ///< of the layer's output channels
    std::int64_t output_bytes = 0;  ///< that the job writes from output_address on
    PredictedCycles predicted;      ///< of one job, start and end in the first and the last layer; equal to the engine's counters
  };
  std::vector<LayerPlan> layers;
  std::vector<Move> moves;            ///< empty: not in strips
  std::vector<std::int64_t> outside;  ///< of a network in strips: bytes of the tensors in external memory, 0 of the others (StripPlan)
  /// What the CYCLES register will say of a job.
  [[nodiscard]] std::int64_t predicted_cycles() const;
};

/// Tiles, plans memory and writes descriptors. batch = 0: the largest that fits (at most 16). Throws InputError when the network does not
/// fit.
MemoryImage compile(const Network& network, const EngineParameters& engine, int batch = 0);

/// Lays one image (H*W*C bytes, NHWC) out as the engine's input tensor (image.input).
std::vector<std::uint8_t> layout_input(const Network& network, const MemoryImage& image, const std::uint8_t* pixels);

/// Memory image file: same checks and atomic write as model files.
void save_image(const MemoryImage& image, const std::filesystem::path& file);
MemoryImage load_image(const std::filesystem::path& file);

}  // namespace flexor
