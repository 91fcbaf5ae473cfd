"""The files that a two-node Slurm on one machine reads: no systemd, no cgroups, accounting when asked for."""

import socket
from pathlib import Path

from tests.ports import free_ports

NODES = ("n1", "n2")
GPUS_PER_NODE = 2

SLURM = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo={auth}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=100
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
JobRequeue=1
KillWait=2
GresTypes=gpu
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
NodeName=n[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port={nodes} CPUs=4 Boards=1 SocketsPerBoard=1 \
CoresPerSocket=4 ThreadsPerCore=1 RealMemory=4000 Gres=gpu:{gpus}
PartitionName=low Nodes=n[1-2] Default=YES MaxTime=60 DefaultTime=5 State=UP PriorityTier=1 PreemptMode=REQUEUE \
GraceTime=5
PartitionName=short Nodes=n[1-2] MaxTime=2 DefaultTime=1 State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=5
PartitionName=high Nodes=n[1-2] MaxTime=60 DefaultTime=5 State=UP PriorityTier=10 PreemptMode=OFF
"""
ACCOUNTED = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost={host}
AccountingStoragePort={dbd}
AccountingStoragePass={munge}
AccountingStorageTRES=gres/gpu
AccountingStorageEnforce=associations,limits,qos
"""
SLURMDBD = """\
AuthType=auth/munge
AuthInfo={auth}
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={dbd}
SlurmUser=root
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
StorageLoc=slurm
"""
GRES = "AutoDetect=off\nNodeName=n[1-2] Name=gpu File={folder}/gpu[0-{last}]\n"


def write_settings(folder: Path, accounting: bool, extra: dict[str, str]) -> None:
    """Write slurm.conf, gres.conf, slurmdbd.conf, on ports of their own; ``extra`` replaces lines, '' removes them."""
    ctld, dbd, *nodes = free_ports(2 + len(NODES))
    munge = folder / "munge.socket"
    auth = f"socket={munge},cred_expire=5"  # the least; a requeued job waits that long, 2 min by default
    values = {"host": socket.gethostname(), "folder": folder, "ctld": ctld, "dbd": dbd, "munge": munge, "auth": auth}
    values |= {"nodes": f"[{','.join(map(str, nodes))}]", "gpus": GPUS_PER_NODE, "last": GPUS_PER_NODE - 1}
    text = (SLURM + (ACCOUNTED if accounting else "")).format(**values)
    kept = [line for line in text.splitlines() if line.split("=")[0] not in extra]
    added = [f"{key}={value}" for key, value in extra.items() if value]
    (folder / "slurm.conf").write_text("\n".join([*added, *kept]) + "\n")
    (folder / "gres.conf").write_text(GRES.format(**values))
    (folder / "slurmdbd.conf").touch(mode=0o600)  # slurmdbd refuses a file that others may read
    (folder / "slurmdbd.conf").write_text(SLURMDBD.format(**values))
