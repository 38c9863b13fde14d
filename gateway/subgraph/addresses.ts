/**
 * Where a subgraph may be. Its URL comes from the supergraph or from SUBGRAPH_URL_*: those two are the list of what may
 * be reached, nothing a client or a subgraph says adds to it, and no redirect is followed. On top of that, addresses at
 * which clouds hand out credentials are refused: in the URL, and each time a name is resolved for a connection.
 *
 * Not checked: loopback and private networks, where subgraphs live; ports; what stands behind a proxy at the address.
 */
import { type LookupAddress, type LookupAllOptions, lookup } from "node:dns";
import { BlockList, isIP } from "node:net";

const refused = new BlockList();
// Matches IPv4-mapped IPv6 addresses too.
refused.addSubnet("169.254.0.0", 16, "ipv4");
refused.addSubnet("fe80::", 10, "ipv6");
refused.addSubnet("64:ff9b::a9fe:0", 112, "ipv6"); // 169.254/16 behind NAT64
refused.addAddress("fd00:ec2::254", "ipv6"); // metadata of AWS, Alibaba, Azure and Oracle outside the link-local range
refused.addAddress("100.100.100.200", "ipv4");
refused.addAddress("168.63.129.16", "ipv4");
refused.addAddress("192.0.0.192", "ipv4");

/** Why no subgraph is asked at this URL; null: it may be. */
export function urlRefusal(url: string): string | null {
  if (!URL.canParse(url)) return "not a URL";
  const { protocol, hostname, username, password } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") return "neither http nor https";
  if (username !== "" || password !== "") return "carries credentials";
  return isRefused(hostname.replace(/^\[|\]$/g, "")) ? "a link-local or metadata address" : null;
}

export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

type Resolved = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** A `lookup` for `net.connect`: one refused address among those of a name refuses the name. */
export function guardedLookup(resolve: Resolve = lookup) {
  return (hostname: string, options: LookupAllOptions, callback: Resolved): void => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const [first] = addresses;
      if (first === undefined || addresses.some(({ address }) => isRefused(address)))
        return callback(new Error("a link-local or metadata address"), []);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function isRefused(host: string): boolean {
  const address = host.replace(/%.*$/, "");
  const version = isIP(address);
  return version !== 0 && refused.check(address, version === 6 ? "ipv6" : "ipv4");
}
