// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the trainer uses of libtorch: half of the time that torch/torch.h takes to compile.
#include <torch/autograd.h>
#include <torch/cuda.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/serialize/archive.h>
#include <torch/types.h>
#include <torch/utils.h>
