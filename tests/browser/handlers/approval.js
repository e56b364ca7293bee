export default async ({ args }) => ({ decided: await $ext.approver.ask(args) });
