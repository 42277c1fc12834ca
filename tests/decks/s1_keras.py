"""Deck 1's program, as it stands there but for its first lines, which name this package.

The deck shows these cells one after another; before them the arrays `X_train`, `y_train`, `X_valid`, `y_valid` are there.
"""

from nn import Dense, Sequential
from nn.optim import SGD

model = Sequential()
model.add(Dense(64, activation='sigmoid', input_shape=(784,)))
model.add(Dense(10, activation='softmax'))

model.summary()

model.compile(loss='mean_squared_error', optimizer=SGD(lr=0.01), metrics=['accuracy'])

model.fit(X_train, y_train, batch_size=128, epochs=200, verbose=1, validation_data=(X_valid, y_valid))
