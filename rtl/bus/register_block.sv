// SPDX-License-Identifier: Apache-2.0

/// AXI4-Lite slave of the engine: registers, and the host's way to the four memories while no job runs.
///
/// Regions, registers and layouts: docs/architecture.md. A request is refused (SLVERR, nothing changes) when its place does not exist, a
/// memory is touched while busy, a register or a memory word is written in part, or job_registers refuses.
/// A memory write is one cycle of *_write_o; a read holds *_read_o and the address ReadLatency + 1 cycles.
module register_block
  import flexor_pkg::*;
#(
    /// Lanes.
    parameter int unsigned K = 50,
    /// Bytes of a word of activation memory.
    parameter int unsigned WordBytes = K,
    /// Channels of a tile.
    parameter int unsigned M = 16,
    /// Bits of a weight word.
    parameter int unsigned D = 40,
    /// Channels drained per cycle.
    parameter int unsigned R = 8,
    /// Bits of a code column, <= 32.
    parameter int unsigned NOut = 20,
    /// Bytes of the data bus, 4 or 8.
    parameter int unsigned BusBytes = 8,
    /// Words of a bank of activation memory.
    parameter int unsigned ActRows = 2048,
    /// 1: activation memory is reached at multiples of four bytes.
    parameter bit AlignedActivations = 1'b0,
    /// Words of weight memory: a power of two.
    parameter int unsigned WeightWords = 131072,
    /// Words of control memory: a power of two.
    parameter int unsigned ControlWords = 8192,
    /// Words of code memory: a power of two.
    parameter int unsigned CodeWords = 256,
    /// Bytes of a beat of external memory, 0: none.
    parameter int unsigned AxiBytes = 0,
    /// Bits of external memory's time-out.
    parameter int unsigned TimeoutWidth = 24,
    /// Bits of the cycle counters, 1..32.
    parameter int unsigned CounterWidth = 32,
    /// 1: fewer cells, slower transfers (axil_slave_compact).
    parameter int unsigned Compact = 0,
    /// Read data of an address that is steady since cycle t is taken in cycle t + ReadLatency, 1..14.
    parameter int unsigned ReadLatency = fetch_pkg::ActivationLatency
) (
    /// Clock.
    input  logic                            clk_i,
    /// Synchronous reset, active low.
    input  logic                            rst_ni,
    /// AXI4-Lite write address.
    input  logic                            s_axil_awvalid_i,
    output logic                            s_axil_awready_o,
    input  logic [                    27:0] s_axil_awaddr_i,
    /// AXI4-Lite write data.
    input  logic                            s_axil_wvalid_i,
    output logic                            s_axil_wready_o,
    input  logic [          8*BusBytes-1:0] s_axil_wdata_i,
    input  logic [            BusBytes-1:0] s_axil_wstrb_i,
    /// AXI4-Lite write response.
    output logic                            s_axil_bvalid_o,
    input  logic                            s_axil_bready_i,
    output logic [                     1:0] s_axil_bresp_o,
    /// AXI4-Lite read address.
    input  logic                            s_axil_arvalid_i,
    output logic                            s_axil_arready_o,
    input  logic [                    27:0] s_axil_araddr_i,
    /// AXI4-Lite read data.
    output logic                            s_axil_rvalid_o,
    input  logic                            s_axil_rready_i,
    output logic [          8*BusBytes-1:0] s_axil_rdata_o,
    output logic [                     1:0] s_axil_rresp_o,
    /// Address in the region: eight times the word number, or pair for the activation memory.
    output logic [                    23:0] memory_address_o,
    /// Data to write.
    output logic [          8*BusBytes-1:0] memory_data_o,
    /// Byte enables, for the activation memory.
    output logic [            BusBytes-1:0] memory_strobe_o,
    /// Write to a memory, one cycle, always accepted.
    output logic                            control_write_o,
    output logic                            code_write_o,
    output logic                            weight_write_o,
    output logic                            activation_write_o,
    /// Read from a memory.
    output logic                            control_read_o,
    output logic                            code_read_o,
    output logic                            weight_read_o,
    output logic                            activation_read_o,
    /// What it reads.
    input  logic [                    31:0] control_data_i,
    input  logic [                NOut-1:0] code_data_i,
    input  logic [                   D-1:0] weight_data_i,
    input  logic [          8*BusBytes-1:0] activation_data_i,
    /// One cycle: run the job.
    output logic                            start_o,
    /// With start_o: the job has transfers.
    output logic                            transfers_o,
    /// One cycle: external memory was reset.
    output logic                            forget_o,
    /// One cycle: give up; only while busy.
    output logic                            abort_o,
    /// Control memory address of the job's first descriptor.
    output logic [$clog2(ControlWords)-1:0] descriptor_o,
    /// From start_o to done_i.
    output logic                            busy_o,
    /// One cycle: the job ended.
    input  logic                            done_i,
    /// Error code, with done_i.
    input  logic [                     7:0] error_i,
    /// Stage*, what the engine does in this cycle.
    input  logic [                     2:0] stage_i,
    /// Layer that runs.
    input  logic [                     7:0] layer_i,
    /// See memory_registers; 0 without external memory.
    output logic [                    31:0] list_o,
    output logic [                    31:0] window_first_o,
    output logic [                    31:0] window_last_o,
    output logic [        TimeoutWidth-1:0] timeout_o,
    input  logic [                    31:0] error_address_i,
    input  logic                            beat_read_i,
    input  logic                            beat_written_i,
    /// Enabled and pending.
    output logic                            interrupt_o
);

  localparam int unsigned Width = 8 * BusBytes;

  if (ReadLatency < 1 || ReadLatency > 14) begin : gen_check_latency
    $error("register_block: ReadLatency must be in 1..14");
  end

  logic take, request, is_write, write_error, read_done;
  logic [27:0] take_address, address;
  logic [Width-1:0] data, read_data;
  logic [BusBytes-1:0] take_strobe, strobe;
  logic [4:0] take_region, here, region;
  logic take_exists, take_whole, whole, read_error;
  logic is_control_q, is_descriptor_q, is_interrupt_q, wide_q;

  if (Compact != 0) begin : gen_compact
    axil_slave_compact #(
        .AddressWidth(28),
        .BusBytes(BusBytes)
    ) i_slave (
        .clk_i,
        .rst_ni,
        .s_axil_awvalid_i,
        .s_axil_awready_o,
        .s_axil_awaddr_i,
        .s_axil_wvalid_i,
        .s_axil_wready_o,
        .s_axil_wdata_i,
        .s_axil_wstrb_i,
        .s_axil_bvalid_o,
        .s_axil_bready_i,
        .s_axil_bresp_o,
        .s_axil_arvalid_i,
        .s_axil_arready_o,
        .s_axil_araddr_i,
        .s_axil_rvalid_o,
        .s_axil_rready_i,
        .s_axil_rdata_o,
        .s_axil_rresp_o,
        .take_o(take),
        .take_address_o(take_address),
        .take_strobe_o(take_strobe),
        .request_o(request),
        .write_o(is_write),
        .address_o(address),
        .data_o(data),
        .strobe_o(strobe),
        .write_error_i(write_error),
        .read_done_i(read_done),
        .read_data_i(read_data),
        .read_error_i(read_error)
    );
    // No request begins between take and the cycle after it, so a job cannot start there: what may be touched is known a cycle ahead.
    always_ff @(posedge clk_i) begin
      if (take) region <= here & {{4{!busy_o}}, 1'b1};
    end
  end else begin : gen_slave
    axil_slave #(
        .AddressWidth(28),
        .BusBytes(BusBytes)
    ) i_slave (
        .clk_i,
        .rst_ni,
        .s_axil_awvalid_i,
        .s_axil_awready_o,
        .s_axil_awaddr_i,
        .s_axil_wvalid_i,
        .s_axil_wready_o,
        .s_axil_wdata_i,
        .s_axil_wstrb_i,
        .s_axil_bvalid_o,
        .s_axil_bready_i,
        .s_axil_bresp_o,
        .s_axil_arvalid_i,
        .s_axil_arready_o,
        .s_axil_araddr_i,
        .s_axil_rvalid_o,
        .s_axil_rready_i,
        .s_axil_rdata_o,
        .s_axil_rresp_o,
        .take_o(take),
        .take_address_o(take_address),
        .take_strobe_o(take_strobe),
        .request_o(request),
        .write_o(is_write),
        .address_o(address),
        .data_o(data),
        .strobe_o(strobe),
        .write_error_i(write_error),
        .read_done_i(read_done),
        .read_data_i(read_data),
        .read_error_i(read_error)
    );
    logic [4:0] here_q;
    always_ff @(posedge clk_i) begin
      if (take) here_q <= here;
    end
    assign region = here_q & {{4{!busy_o}}, 1'b1};
  end

  bus_decode #(
      .K(WordBytes),
      .D(D),
      .NOut(NOut),
      .BusBytes(BusBytes),
      .ActRows(ActRows),
      .AlignedActivations(AlignedActivations),
      .WeightWords(WeightWords),
      .ControlWords(ControlWords),
      .CodeWords(CodeWords),
      .Registers(AxiBytes == 0 ? RegLayer + 1 : RegTransferStall + 1)
  ) i_decode (
      .address_i(take_address),
      .strobe_i (take_strobe),
      .region_o (take_region),
      .exists_o (take_exists),
      .whole_o  (take_whole)
  );
  // The region that is asked for, one hot, 0 where nothing is; `region` without the memories while a job runs.
  assign here = take_region & {5{take_exists}};
  always_ff @(posedge clk_i) begin
    if (take) begin
      whole <= take_whole;
      is_control_q <= take_address[7:3] == 5'(RegControl);
      is_descriptor_q <= take_address[7:3] == 5'(RegDescriptor);
      is_interrupt_q <= take_address[7:3] == 5'(RegInterrupt);
      wide_q <= s_axil_wdata_i[31:$clog2(ControlWords)] != '0;
    end
  end
  assign memory_address_o = address[23:0];
  assign memory_data_o = data;
  assign memory_strobe_o = strobe;

  logic refuse, job_refuse, memory_refuse, is_memory;
  logic [31:0] register_data, job_data, memory_data;
  assign write_error = !whole || region == '0 || (region[RegionRegisters] && refuse);

  job_registers #(
      .K(K),
      .M(M),
      .D(D),
      .R(R),
      .AddressWidth($clog2(ControlWords)),
      .Transfers(AxiBytes != 0),
      .CounterWidth(CounterWidth)
  ) i_registers (
      .clk_i,
      .rst_ni,
      .write_i(request && is_write && region[RegionRegisters] && whole),
      .write_control_i(is_control_q),
      .write_descriptor_i(is_descriptor_q),
      .write_interrupt_i(is_interrupt_q),
      .write_data_i(data[$clog2(ControlWords)-1:0]),
      .write_wide_i(wide_q),
      .refuse_o(job_refuse),
      .read_index_i(address[7:3]),
      .read_data_o(job_data),
      .start_o,
      .transfers_o,
      .forget_o,
      .abort_o,
      .descriptor_o,
      .busy_o,
      .done_i,
      .error_i,
      .stage_i,
      .layer_i,
      .interrupt_o
  );

  if (AxiBytes == 0) begin : gen_no_memory
    assign {is_memory, memory_refuse, memory_data} = '0;
    assign {list_o, window_first_o, window_last_o, timeout_o} = '0;
    logic unused_memory;
    assign unused_memory = ^{error_address_i, beat_read_i, beat_written_i, memory_refuse};
  end else begin : gen_memory
    assign is_memory = address[7:3] >= 5'(RegTransfers);
    memory_registers #(
        .Beat(AxiBytes),
        .TimeoutWidth(TimeoutWidth)
    ) i_memory (
        .clk_i,
        .rst_ni,
        .write_i(request && is_write && region[RegionRegisters] && whole && is_memory),
        .index_i(address[7:3]),
        .write_data_i(data[31:0]),
        .busy_i(busy_o),
        .refuse_o(memory_refuse),
        .read_data_o(memory_data),
        .list_o,
        .window_first_o,
        .window_last_o,
        .timeout_o,
        .start_i(start_o),
        .error_address_i,
        .beat_read_i,
        .beat_written_i,
        .stall_i(busy_o && stage_i == 3'(StageTransferStall))
    );
  end
  assign refuse = is_memory ? memory_refuse : job_refuse;
  assign register_data = job_data | memory_data;

  // The read that is under way; wait_q counts its cycles down.
  logic [3:0] wait_q;
  logic reading_q;
  logic [4:1] read_q;

  always_ff @(posedge clk_i) begin
    if (request && !is_write) begin
      reading_q <= 1'b1;
      read_q <= region[4:1];
      wait_q <= region[4:1] != '0 ? 4'(ReadLatency) : '0;
    end else if (read_done) begin
      reading_q <= 1'b0;
      read_q <= '0;
    end else begin
      wait_q <= wait_q - 4'd1;
    end
    if (!rst_ni) begin
      read_q <= '0;
      reading_q <= 1'b0;
    end
  end

  assign read_done = reading_q && wait_q == '0;
  assign {activation_write_o, weight_write_o, code_write_o, control_write_o} =
      request && is_write && whole ? region[4:1] : '0;
  assign {activation_read_o, weight_read_o, code_read_o, control_read_o} = read_q;

  assign read_error = read_q == '0 && !region[RegionRegisters];
  always_comb begin
    read_data = '0;
    if (region[RegionRegisters]) read_data |= Width'(register_data);
    if (read_q[RegionControl]) read_data |= Width'(control_data_i);
    if (read_q[RegionCode]) read_data |= Width'(code_data_i);
    if (read_q[RegionWeight]) read_data |= Width'(weight_data_i);
    if (read_q[RegionActivation]) read_data |= activation_data_i;
  end

  logic unused_address;
  assign unused_address = ^address[27:24];

endmodule
