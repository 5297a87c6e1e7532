// SPDX-License-Identifier: Apache-2.0
#include "train/team.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <vector>

#include "code/error.hpp"

// Debian's libtorch has gloo inside, and its headers come with libgloo-dev (docs/decisions/0507-data-parallel-over-gloo.md).
#if defined(USE_C10D_GLOO) && __has_include(<gloo/transport/device.h>)
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace flexor {
namespace {

using c10d::ProcessGroupGloo;

c10::intrusive_ptr<c10d::Store> meet(const TeamPlace& place, std::chrono::milliseconds patience) {
  c10d::TCPStoreOptions options;
  options.port = place.port;
  options.isServer = place.rank == 0 && !place.hosted;
  options.numWorkers = static_cast<std::size_t>(place.size);
  options.timeout = patience;
  auto store = c10::make_intrusive<c10d::TCPStore>(place.address, options);
  return c10::make_intrusive<c10d::PrefixStore>("flexor" + place.round, store);
}

std::shared_ptr<gloo::transport::Device> device(const TeamPlace& place) {
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  if (interface != nullptr) return ProcessGroupGloo::createDeviceForInterface(interface);
  const bool here = place.address == "localhost" || place.address.starts_with("127.");
  return here ? ProcessGroupGloo::createDeviceForHostname("127.0.0.1") : ProcessGroupGloo::createDefaultDevice();
}

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

// Every process says what it is about to train; returns whether that is what process 0 says.
bool same_plan(c10d::Store& store, const TeamPlace& place, const std::string& plan) {
  const std::string own = fmt::format("{} processes: {}", place.size, plan);
  if (place.rank == 0) store.set("plan", bytes_of(own));
  return store.get("plan") == bytes_of(own);
}

}  // namespace

struct Team::Group {
  c10::intrusive_ptr<ProcessGroupGloo> gloo;
};

Team::Team(const TeamPlace& place, const std::string& plan, int patience) : place_(place), group_(std::make_unique<Group>()) {
  const std::chrono::milliseconds time = std::chrono::seconds(patience);
  try {
    const auto store = meet(place, time);
    if (!same_plan(*store, place, plan)) {
      throw InputError(
          fmt::format("process {} was not started for the same run as process 0; give all {} the same files, options, data and WORLD_SIZE",
                      place.rank, place.size));
    }
    auto options = ProcessGroupGloo::Options::create(time);
    options->devices.push_back(device(place));
    group_->gloo = c10::make_intrusive<ProcessGroupGloo>(store, place.rank, place.size, options);
  } catch (const InputError&) {
    throw;
  } catch (const std::exception&) {  // c10d throws several kinds, with texts of many lines
    throw InputError(
        fmt::format("process {} did not meet all {} processes at {}:{} within {} s; start all of them, with the same MASTER_ADDR, "
                    "MASTER_PORT and WORLD_SIZE",
                    place.rank, place.size, place.address, place.port, patience));
  }
}

void Team::sum(torch::Tensor& values) {
  try {
    std::vector<torch::Tensor> host{values.detach().to(torch::kCPU).contiguous()};
    group_->gloo->allreduce(host)->wait();
    if (host[0].data_ptr() != values.data_ptr()) values.copy_(host[0]);
  } catch (const std::exception&) {
    throw InputError(
        fmt::format("process {} of {} has lost another one; start all of them again, they go on from the last checkpoint", rank(), size()));
  }
}

std::string Team::share(const std::string& bytes) {
  torch::Tensor length = torch::tensor({rank() == 0 ? static_cast<std::int64_t>(bytes.size()) : 0}, torch::kLong);
  sum(length);
  torch::Tensor shared = torch::zeros({length.item<std::int64_t>()}, torch::kByte);
  if (rank() == 0) std::copy(bytes.begin(), bytes.end(), shared.data_ptr<std::uint8_t>());
  if (shared.numel() > 0) sum(shared);
  const auto* first = shared.data_ptr<std::uint8_t>();
  return {first, first + shared.numel()};
}

#else

namespace flexor {

struct Team::Group {};
Team::Team(const TeamPlace& place, const std::string& /*plan*/, int /*patience*/) : place_(place) {
  throw InputError("this flexor was built without c10d and gloo; build it against a libtorch that has them, or train in one process");
}
void Team::sum(torch::Tensor& /*values*/) {}
std::string Team::share(const std::string& bytes) { return bytes; }

#endif

Team::~Team() = default;

}  // namespace flexor
