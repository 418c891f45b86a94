using System.Globalization;

using S3Overlay.Benchmarks;
using S3Overlay.Benchmarks.Servers;

return args switch
{
    ["forward", .. var rest] => await Comparison.RunAsync(ComparisonOptions.Parse(rest, forwards: true)),
    ["allocations", .. var rest] => await Allocations.RunAsync(ComparisonOptions.Parse(rest)),
    ["compare", .. var rest] => await Comparison.RunAsync(ComparisonOptions.Parse(rest)),
    [PlainCopyServer.Command, var port, var upstream] => await PlainCopy.RunAsync(int.Parse(port, CultureInfo.InvariantCulture), int.Parse(upstream, CultureInfo.InvariantCulture)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        """
        S3Overlay.Benchmarks compare|forward|allocations [--seconds N] [--rounds N] [--connections 1,16] [--only NAME] [--proxy PATH]

          Starts the built proxy and nginx (where it is installed), each pinned to the first processor, drives them in turn from the
          second, and prints requests/s, MB/s and the server's own processor time a request and a GiB, with ratios.

          forward does the same with both in front of a third server (nginx with the files, on the second processor): the proxy with it as its local S3
          endpoint, nginx with proxy_pass; and beside them the least a server of .NET can do, a copy from HttpClient to Kestrel.

          allocations prints how many bytes the proxy allocates for a warm GET, while nobody listens to its spans and while somebody does.

          --seconds N        how long one measurement lasts (default 3)
          --rounds N         how often each is measured; medians are printed (default 5)
          --connections A,B  how many connections at once (default 1,16)
          --only NAME        only workloads whose name holds NAME
          --proxy PATH       the proxy's dll (default: the Release build beside this one)
          --against PATH     another build's dll, measured in nginx' place

        Run it from a Release build: dotnet run -c Release --project S3Overlay.Benchmarks -- compare
        """);
    return 2;
}
