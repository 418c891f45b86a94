using System.Collections.Concurrent;

using Microsoft.Extensions.Logging;

namespace S3Overlay.Tests.Support;

/// <summary>Remembers which messages were logged, by the names of their events.</summary>
internal class EventLogger : ILogger
{
    private readonly ConcurrentQueue<string> _names = new();

    /// <summary>The names so far, in order.</summary>
    public IReadOnlyList<string> Names => [.. _names];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?,
        string> formatter) =>
        _names.Enqueue(eventId.Name ?? "");
}

/// <summary>The same for a class that logs under its name.</summary>
internal sealed class EventLogger<T> : EventLogger, ILogger<T>;
