using System.Reflection;
using System.Text.RegularExpressions;

using Microsoft.Extensions.Logging;

using S3Overlay.Proxy.Telemetry;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>Every log message is in one place, generated, with an event id of its own.</summary>
public sealed partial class LogTests
{
    [Fact]
    public void Event_ids_are_unique_and_every_message_has_one()
    {
        var messages =
            typeof(Log).GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Select(method => (method.Name, Attribute: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(message => message.Attribute is not null)
            .ToList();

        Assert.True(messages.Count > 30, $"Only {messages.Count} messages were found.");
        Assert.All(messages, message => Assert.InRange(message.Attribute!.EventId, 1000, 9999));
        Assert.Equal(messages.Count, messages.Select(message => message.Attribute!.EventId).Distinct().Count());
    }

    [Fact]
    public void All_log_messages_are_generated()
    {
        var folders = (string[])["S3Overlay.Proxy", "S3Overlay.ServiceDefaults"];
        var sources = folders
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Where(file => !Path.GetFileName(file).StartsWith("Log.", StringComparison.Ordinal))
            .ToList();

        Assert.True(sources.Count > 100);
        Assert.DoesNotContain(sources, file => ByHand().IsMatch(File.ReadAllText(file)));
    }

    [GeneratedRegex(@"\.Log(Trace|Debug|Information|Warning|Error|Critical)?\s*\(|\[LoggerMessage|LoggerMessage\.Define")]
    private static partial Regex ByHand();
}
