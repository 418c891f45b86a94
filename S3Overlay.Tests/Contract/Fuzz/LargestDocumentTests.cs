using System.Diagnostics;
using System.Text;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Contract.Fuzz;

/// <summary>
/// Documents as large as a request may have cost the server processor time and memory in proportion to their size, and so does what is
/// done with the documents that it keeps. The bounds are several times what they cost, and far below what work in the square of their
/// size would.
/// </summary>
public sealed class LargestDocumentTests(LargestDocumentTests.Fixture fixture) : IClassFixture<LargestDocumentTests.Fixture>
{
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(6);

    private const long MostMemory = 700_000_000;

    /// <summary>A proxy of its own: its processor time and memory are measured.</summary>
    public sealed class Fixture : FuzzFixture;

    public static TheoryData<string, string> Shapes
    {
        get
        {
            // Every reader gets some shape, and every shape some reader: all share one parser.
            var rows = new TheoryData<string, string>();
            var shapes = LargestDocuments.Shapes.Keys.ToList();
            for (var i = 0; i < Math.Max(shapes.Count, LargestDocuments.Readers.Length); i++)
            {
                rows.Add(LargestDocuments.Readers[i % LargestDocuments.Readers.Length].Target, shapes[i % shapes.Count]);
            }

            return rows;
        }
    }

    public static TheoryData<string> Real => [.. LargestDocuments.Real.Keys];

    [Theory]
    [MemberData(nameof(Shapes))]
    [QuickRows(4)]
    public async Task Any_shape_costs_what_its_size_does(string target, string shape)
    {
        var (method, _, root) = LargestDocuments.Readers.Single(reader => reader.Target == target);
        var bucket = await FuzzBucket.MakeAsync(fixture);
        await MeasureAsync(async () =>
        {
            var response = await bucket.SendAsync(method, target, Encoding.UTF8.GetBytes(LargestDocuments.Shapes[shape](root)));
            Assert.True(response.Status is >= 200 and < 500, $"{response.Status} {response.Text}");
        });
    }

    [Theory]
    [MemberData(nameof(Real))]
    [QuickRows(6)]
    public async Task What_is_kept_and_used_costs_what_its_size_does(string name)
    {
        var bucket = await FuzzBucket.MakeAsync(fixture);
        var (method, target, body) = LargestDocuments.Real[name];
        var document = Encoding.UTF8.GetBytes(bucket.Fill(body()));
        await MeasureAsync(async () =>
        {
            var response = await bucket.SendAsync(method, target, document);
            Assert.True(response.Status is >= 200 and < 500 or 501, $"{response.Status} {response.Text}");
            if (response.Status >= 300)
            {
                return;
            }

            var many = string.Join(',', Enumerable.Range(0, 1200).Select(static i => $"y{i}"));
            foreach (var (verb, path, headers) in ((string, string, (string, string)[])[])
            [
                ("GET", "/BUCKET/k", [("Origin", "http://x.example")]),
                ("GET", "/BUCKET/" + new string('a', 1000), [("User-Agent", new string('a', 3000)), ("Referer", new string('a', 3500))]),
                ("PUT", "/BUCKET/tagged", [("x-amz-tagging", "a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=10")]),
                ("HEAD", "/BUCKET/tagged", []),
                ("OPTIONS", "/BUCKET/k", [("Origin", "http://x.example"), ("Access-Control-Request-Method", "GET"),
                    ("Access-Control-Request-Headers", many)]),
            ])
            {
                var used = await bucket.SendAsync(verb, path, verb == "PUT" ? "x"u8.ToArray() : null, headers);
                Assert.True(used.Status is >= 200 and < 500, $"{verb} {path}: {used.Status} {used.Text}");
            }
        });
    }

    private async Task MeasureAsync(Func<Task> act)
    {
        using var process = Process.GetProcessById(fixture.Proxy.Id);
        var before = process.TotalProcessorTime;
        await act();
        process.Refresh();
        var (time, memory) = (process.TotalProcessorTime - before, fixture.Proxy.PeakResidentBytes());
        Assert.True(time < MostTime, $"It took {time.TotalSeconds:N1} s of processor time.");
        Assert.True(memory < MostMemory, $"It took {memory:N0} bytes of memory.");
    }
}
