// SPDX-License-Identifier: Apache-2.0

/// The registers: identity, job control, status, counters, interrupt. Written and read by index; meanings in docs/architecture.md.
///
///   refuse_o: a read-only register, start while busy, transfers where none are built or while busy, or a descriptor address outside control
///             memory; then nothing changes
module job_registers
  import flexor_pkg::*;
#(
    /// Geometry: lanes.
    parameter int unsigned K = 50,
    /// Geometry: channels of a tile.
    parameter int unsigned M = 16,
    /// Geometry: slices decrypted at a time.
    parameter int unsigned D = 40,
    /// Geometry: channels drained per cycle.
    parameter int unsigned R = 8,
    /// Bits of a control memory address, 4..16.
    parameter int unsigned AddressWidth = 13,
    /// 1: jobs can have transfers.
    parameter bit Transfers = 1'b0,
    /// Bits of the cycle counters, 1..32.
    parameter int unsigned CounterWidth = 32
) (
    /// Clock.
    input  logic                    clk_i,
    /// Synchronous reset, active low.
    input  logic                    rst_ni,
    /// Write.
    input  logic                    write_i,
    /// Register to write: none of them is a read-only one.
    input  logic                    write_control_i,
    input  logic                    write_descriptor_i,
    input  logic                    write_interrupt_i,
    /// Low bits of the value.
    input  logic [AddressWidth-1:0] write_data_i,
    /// A higher bit is set.
    input  logic                    write_wide_i,
    /// A write to this register with this value is refused (combinational).
    output logic                    refuse_o,
    /// Register to read.
    input  logic [             4:0] read_index_i,
    /// Its value, one cycle later.
    output logic [            31:0] read_data_o,
    /// One cycle: run the job.
    output logic                    start_o,
    /// With start_o: the job has transfers.
    output logic                    transfers_o,
    /// One cycle: external memory was reset; only while not busy.
    output logic                    forget_o,
    /// One cycle: give up; only while busy.
    output logic                    abort_o,
    /// Control memory address of the job's first descriptor.
    output logic [AddressWidth-1:0] descriptor_o,
    /// From start to done.
    output logic                    busy_o,
    /// One cycle: the job ended.
    input  logic                    done_i,
    /// Error code, with done_i.
    input  logic [             7:0] error_i,
    /// Stage*, counted while busy.
    input  logic [             2:0] stage_i,
    /// Layer that runs.
    input  logic [             7:0] layer_i,
    /// Enabled and pending.
    output logic                    interrupt_o
);

  if (AddressWidth < 4 || AddressWidth > 16) begin : gen_check_address
    $error("job_registers: AddressWidth must be in 4..16");
  end

  logic done_q, enable_q, pending_q;
  logic [7:0] error_q;
  logic [CounterWidth-1:0] cycles, compute, weight_stall, drain_stall;
  logic start, write_control, write_interrupt;

  always_comb begin
    if (write_control_i) begin
      refuse_o = (write_data_i[BitControlStart] && (busy_o || write_data_i[BitControlForget])) ||
          ((write_data_i[BitControlForget] || write_data_i[BitControlTransfers]) && (busy_o || !Transfers));
    end else if (write_descriptor_i) refuse_o = write_wide_i;
    else refuse_o = !write_interrupt_i;
  end

  assign write_control = write_i && write_control_i;
  assign write_interrupt = write_i && write_interrupt_i;
  assign start = write_control && write_data_i[BitControlStart] && !refuse_o;

  always_ff @(posedge clk_i) begin
    start_o <= start;
    if (start) transfers_o <= Transfers && write_data_i[BitControlTransfers];
    forget_o <= Transfers && write_control && write_data_i[BitControlForget] && !refuse_o;
    abort_o <= write_control && !write_data_i[BitControlStart] && write_data_i[BitControlAbort] && busy_o;
    if (write_i && write_descriptor_i && !write_wide_i) descriptor_o <= write_data_i;
    if (write_interrupt) begin
      enable_q <= write_data_i[BitInterruptEnable];
      if (write_data_i[BitInterruptPending]) pending_q <= 1'b0;
    end
    if (start) begin
      busy_o <= 1'b1;
      done_q <= 1'b0;
      error_q <= 8'(ErrorNone);
    end else if (done_i) begin
      busy_o <= 1'b0;
      done_q <= 1'b1;
      error_q <= error_i;
      pending_q <= 1'b1;
    end
    if (!rst_ni) begin
      start_o <= 1'b0;
      transfers_o <= 1'b0;
      forget_o <= 1'b0;
      abort_o <= 1'b0;
      descriptor_o <= '0;
      busy_o <= 1'b0;
      done_q <= 1'b0;
      error_q <= '0;
      enable_q <= 1'b0;
      pending_q <= 1'b0;
    end
  end
  assign interrupt_o = enable_q && pending_q;

  job_counters #(
      .Width(CounterWidth)
  ) i_counters (
      .clk_i,
      .start_i(start_o || !rst_ni),
      .busy_i(busy_o),
      .stage_i,
      .cycles_o(cycles),
      .compute_o(compute),
      .weight_stall_o(weight_stall),
      .drain_stall_o(drain_stall)
  );

  always_ff @(posedge clk_i) begin
    unique case (read_index_i)
      5'(RegId): read_data_o <= ResetId;
      5'(RegVersion): read_data_o <= ResetVersion;
      5'(RegGeometry): read_data_o <= {8'(R), 8'(D), 8'(M), 8'(K)};
      5'(RegStatus): read_data_o <= {16'h0, error_q, 6'h0, done_q, busy_o};
      5'(RegDescriptor): read_data_o <= 32'(descriptor_o);
      5'(RegCycles): read_data_o <= 32'(cycles);
      5'(RegCompute): read_data_o <= 32'(compute);
      5'(RegWeightStall): read_data_o <= 32'(weight_stall);
      5'(RegDrainStall): read_data_o <= 32'(drain_stall);
      5'(RegInterrupt): read_data_o <= {30'h0, pending_q, enable_q};
      5'(RegLayer): read_data_o <= {24'h0, layer_i};
      default: read_data_o <= '0;
    endcase
  end

endmodule
