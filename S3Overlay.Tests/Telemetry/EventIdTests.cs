using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

using Microsoft.Extensions.Logging;

using S3Overlay.Proxy.Telemetry;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>An event id names one message. Two messages with the same id could not be distinguished in a log.</summary>
public sealed partial class EventIdTests
{
    [Fact]
    public void Each_message_has_an_id_of_its_own()
    {
        var twice = typeof(Log).GetMethods()
            .Select(method => (method.Name, Id: method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId))
            .Where(message => message.Id is not null)
            .GroupBy(message => message.Id)
            .Where(messages => messages.Count() > 1)
            .Select(messages => $"{messages.Key}: {string.Join(", ", messages.Select(message => message.Name))}");

        Assert.Empty(twice);
    }

    [Fact]
    public void Ids_stand_in_order_so_that_the_next_free_one_is_after_the_last()
    {
        var ids = Directory.GetFiles(Path.Combine(Repository.Root, "S3Overlay.Proxy", "Telemetry"), "Log*.cs")
            .Select(file => Id().Matches(File.ReadAllText(file)).Select(id => int.Parse(id.Groups[1].Value, CultureInfo.InvariantCulture))
                .ToList())
            .ToList();

        Assert.All(ids, found => Assert.Equal(found.Order(), found));
        Assert.Equal(typeof(Log).GetMethods().Count(method => method.IsDefined(typeof(LoggerMessageAttribute))),
            ids.Sum(found => found.Count));
    }

    [GeneratedRegex(@"LoggerMessage\(\s*(?:EventId = )?(\d+)")]
    private static partial Regex Id();
}
