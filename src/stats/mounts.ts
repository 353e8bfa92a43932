// Which mounts are disks that can fill up: /proc/self/mountinfo has dozens of others. Pure.

/** A file system with the places where it is mounted. */
export interface Mount {
  /** "8:1"; what begins with 0 is no block device. */
  readonly device: string;
  /** "/dev/sda1", "nas:/export". */
  readonly source: string;
  /** Shortest first. In containers single files are mounted too. */
  readonly points: readonly string[];
  /** Whether asking it may take as long as a network does not answer. */
  readonly isRemote: boolean;
}

/** File systems that are kept elsewhere. */
const REMOTE = new Set(
  "nfs nfs4 cifs smb3 smbfs ceph lustre gpfs beegfs afs 9p virtiofs glusterfs"
    .split(" ")
    .concat(
      "glusterfs sshfs s3fs juicefs rclone gcsfuse mount-s3 goofys ceph-fuse moosefs"
        .split(" ")
        .map((name) => `fuse.${name}`),
    ),
);
/** Local ones whose source is no path of /dev. */
const POOLED = new Set(["zfs", "btrfs", "bcachefs"]);
/** On block devices, and full by nature. */
const IMAGES = new Set(["squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"]);

/** Disks that are told of; more on one host are datasets of pools. */
const MAX_MOUNTS = 64;

/** The disks, local ones first, in order of their mount. */
export function parseMounts(mountinfo: string): Mount[] {
  const found = new Map<string, { device: string; source: string; points: string[]; isRemote: boolean }>();
  for (const line of mountinfo.split("\n")) {
    // id parent major:minor root point options [optional…] - type source options
    const [left = "", right = ""] = line.split(" - ", 2);
    const [, , device, , point] = left.split(" ");
    const [type = "", source = ""] = right.split(" ");
    if (!device || !point || !/^\d+:\d+$/.test(device)) continue;
    const where = unescaped(point);
    const isRemote = REMOTE.has(type);
    if (!isRemote && !isLocalDisk(type, source, where)) continue;
    const known = found.get(device);
    if (known) known.points.push(where);
    else if (found.size < MAX_MOUNTS)
      found.set(device, { device, source: unescaped(source), points: [where], isRemote });
  }
  const mounts = [...found.values()];
  for (const { points } of mounts) points.sort((a, b) => a.length - b.length);
  return mounts.sort((a, b) => Number(a.isRemote) - Number(b.isRemote));
}

function isLocalDisk(type: string, source: string, point: string): boolean {
  if (IMAGES.has(type)) return false;
  // A container's own disk is an overlay; others are layers of containers of this host.
  if (type === "overlay" || type === "fuse.fuse-overlayfs") return point === "/";
  return source.startsWith("/dev/") || POOLED.has(type);
}

/** Spaces, tabs, newlines and backslashes are written as \040 and so on. */
function unescaped(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
